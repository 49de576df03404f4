"""Pictures of several calls, shown to their model together."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from digits_core import CoreError, Normalized, Prediction, Recognizer, from_pixels
from digits_server import deadline
from digits_server.coalescer import TURN_S, Coalescer, Row
from digits_server.errors import DeadlinePassed, Overloaded

SEEN = [from_pixels(bytes([value] * 784)) for value in range(1, 201)]


class Counting:
    """A model that answers the brightness of a picture, and remembers how many came at once."""

    def __init__(self, each_s: float = 0.0, fails_on: int | None = None) -> None:
        self.asked: list[int] = []
        self._each_s = each_s
        self._fails_on = fails_on

    def recognize(self, seen: Sequence[Normalized]) -> list[int]:
        """Answer in order."""
        self.asked.append(len(seen))
        time.sleep(self._each_s * len(seen))
        values = [int(each.pixels[0, 0]) for each in seen]
        if self._fails_on in values:
            raise CoreError("no numbers")
        return values


async def test_calls_that_come_at_once_are_answered_together() -> None:
    """In one run, each with its own answer."""
    coalescer, model = Coalescer(), Counting()
    answers = await asyncio.gather(*(coalescer.recognize(seen, model) for seen in SEEN[:8]))

    assert answers == list(range(1, 9))
    assert model.asked == [8]


async def test_a_call_alone_waits_for_nobody() -> None:
    """It is answered at the loop's next turn."""
    coalescer, model = Coalescer(), Counting()
    answer = asyncio.ensure_future(coalescer.recognize(SEEN[0], model))
    for _ in range(3):
        await asyncio.sleep(0)

    assert answer.done()


async def test_models_are_kept_apart() -> None:
    """Each gets its own pictures."""
    coalescer, one, other = Coalescer(), Counting(), Counting()
    models = [one, other, one, one]
    answers = await asyncio.gather(*map(coalescer.recognize, SEEN[:4], models))

    assert answers == [1, 2, 3, 4]
    assert (one.asked, other.asked) == ([3], [1])


async def test_long_queues_go_in_turns() -> None:
    """The loop turns after what was foreseen to take `TURN_S`; the order stays."""
    coalescer, model = Coalescer(), Counting(each_s=TURN_S / 4)
    done: list[int] = []

    async def call(seen: Normalized) -> None:
        done.append(await coalescer.recognize(seen, model))

    for start in (0, 60):  # the first time it learns how long a picture takes
        model.asked.clear()
        await asyncio.gather(*(call(seen) for seen in SEEN[start : start + 60]))

    assert done == list(range(1, 121))
    assert 3 <= max(model.asked) <= 12


async def test_readings_count() -> None:
    """A picture that can be read in four ways is as much work as four."""
    coalescer, model = Coalescer(), Counting(each_s=TURN_S / 4)
    several = [replace(seen, alternatives=(seen,) * 3) for seen in SEEN[:60]]
    for _ in range(2):
        model.asked.clear()
        await asyncio.gather(*(coalescer.recognize(seen, model) for seen in several))

    assert max(model.asked) <= 12


@pytest.mark.parametrize("place", [0, 2, 4], ids=["first", "middle", "last"])
async def test_a_cancelled_call_costs_the_others_nothing(place: int) -> None:
    """Its picture is not shown to the model, theirs are answered."""
    coalescer, model = Coalescer(), Counting()
    calls = [asyncio.ensure_future(coalescer.recognize(seen, model)) for seen in SEEN[:5]]
    asyncio.get_running_loop().call_soon(calls[place].cancel)
    answers = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(answers.pop(place), asyncio.CancelledError)
    assert answers == [value for value in range(1, 6) if value != place + 1]
    assert model.asked == [4]


@pytest.mark.parametrize("place", [0, 2, 4], ids=["first", "middle", "last"])
async def test_a_call_whose_time_is_over_costs_the_others_nothing(place: int) -> None:
    """Even where the loop was held up, so that no timer could cancel it."""
    coalescer, model = Coalescer(), Counting()

    async def call(number: int, seen: Normalized) -> Prediction:
        async with deadline.within(0.01 if number == place else 10):
            return await coalescer.recognize(seen, model)

    calls = [asyncio.ensure_future(call(number, seen)) for number, seen in enumerate(SEEN[:5])]
    asyncio.get_running_loop().call_soon(time.sleep, 0.02)
    answers = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(answers.pop(place), DeadlinePassed)
    assert model.asked == [4]
    assert answers == [value for value in range(1, 6) if value != place + 1]


async def test_a_queue_too_long_for_a_call_sheds_it() -> None:
    """At once, and the model never sees it; one with more time waits, and later all are taken."""
    coalescer, model = Coalescer(), Counting(each_s=TURN_S / 4)

    async def call(seconds: float) -> Prediction:
        async with deadline.within(seconds):
            return await coalescer.recognize(SEEN[0], model)

    await call(10)  # it learns how long each takes
    queue = [asyncio.ensure_future(call(10)) for _ in range(60)]
    await queue[12]
    started = time.monotonic()
    with pytest.raises(Overloaded):
        await call(5 * TURN_S)
    shed_after = time.monotonic() - started
    patient = await call(10)
    await asyncio.gather(*queue)
    hurried = await call(5 * TURN_S)

    assert shed_after < 5 * TURN_S
    assert patient == hurried == 1
    assert sum(model.asked) == 63


async def test_a_picture_that_the_model_fails_on_fails_alone() -> None:
    """The others are asked again, one by one."""
    coalescer, model = Coalescer(), Counting(fails_on=3)
    answers = await asyncio.gather(
        *(coalescer.recognize(seen, model) for seen in SEEN[:5]), return_exceptions=True
    )

    assert isinstance(answers.pop(2), CoreError)
    assert answers == [1, 2, 4, 5]


@pytest.mark.parametrize("place", [0, 2, 4], ids=["first", "middle", "last"])
async def test_a_picture_at_fault_costs_the_others_nothing(place: int) -> None:
    """What ails it is raised to its own call."""
    coalescer, model = Coalescer(), Counting()

    def fail() -> Normalized:
        raise CoreError("no picture")

    works = [partial(_same, seen) for seen in SEEN[:5]]
    works[place] = fail
    answers = await asyncio.gather(
        *(coalescer.recognize(work, model) for work in works), return_exceptions=True
    )

    assert isinstance(answers.pop(place), CoreError)
    assert answers == [value for value in range(1, 6) if value != place + 1]


@pytest.mark.parametrize("place", [0, 2, 4], ids=["first", "middle", "last"])
async def test_a_cancelled_picture_is_not_prepared(place: int) -> None:
    """The others are."""
    coalescer, model, prepared = Coalescer(), Counting(), list[Normalized]()

    def prepare(seen: Normalized) -> Normalized:
        prepared.append(seen)
        return seen

    calls = [
        asyncio.ensure_future(coalescer.recognize(partial(prepare, seen), model))
        for seen in SEEN[:5]
    ]
    asyncio.get_running_loop().call_soon(calls[place].cancel)
    await asyncio.gather(*calls, return_exceptions=True)

    assert len(prepared) == 4
    assert not any(seen is SEEN[place] for seen in prepared)


async def test_pictures_that_take_long_go_in_turns() -> None:
    """Others run between them; what is only to be prepared goes the same way."""
    coalescer, model, turns = Coalescer(), Counting(), []

    def prepare(seen: Normalized) -> Normalized:
        time.sleep(TURN_S)
        return seen

    async def other() -> None:
        while not all(call.done() for call in calls):
            turns.append(sum(call.done() for call in calls))
            await asyncio.sleep(0)

    works = [partial(prepare, seen) for seen in SEEN[:6]]
    calls = [asyncio.ensure_future(coalescer.recognize(work, model)) for work in works[:3]]
    calls += [asyncio.ensure_future(coalescer.prepare(work)) for work in works[3:]]
    await other()

    assert [call.result() for call in calls] == [1, 2, 3, *SEEN[3:6]]
    assert len(set(turns)) >= 5


async def test_values_are_answered_in_rows(tiny_models) -> None:
    """As alone, where several come together; a single one is."""
    model = Recognizer.load("cnn", tiny_models)
    rng = np.random.default_rng(0)
    values = [rng.integers(0, 256, (28, 28), np.uint8) for _ in range(9)]
    coalescer = Coalescer()
    together = await asyncio.gather(*(coalescer.recognize(each, model) for each in values))
    single = await coalescer.recognize(values[0], model)

    assert all(isinstance(answer, Row) for answer in together)
    assert isinstance(single, Prediction)
    for each, row in zip(values, together, strict=True):
        wanted = model.recognize([from_pixels(each)])[0]
        assert row.prediction.probabilities == pytest.approx(wanted.probabilities, abs=1e-6)


def _same(seen: Normalized) -> Normalized:
    return seen


async def test_together_as_alone(tiny_models) -> None:
    """A real model answers the same, whoever else is asking."""
    model = Recognizer.load("cnn", tiny_models)
    rng = np.random.default_rng(0)
    seen = [from_pixels(rng.integers(0, 256, 784, np.uint8).tobytes()) for _ in range(17)]
    coalescer = Coalescer()
    together = await asyncio.gather(*(coalescer.recognize(each, model) for each in seen))

    for each, answer in zip(seen, together, strict=True):
        assert answer.probabilities == pytest.approx(
            model.recognize([each])[0].probabilities, abs=1e-6
        )
