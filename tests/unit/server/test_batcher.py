import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from digits_core import Limits, Prediction, Reader, Recognizer, Rejection
from digits_server import deadline
from digits_server.batcher import PIECE, Batcher
from digits_server.errors import DeadlinePassed, FieldError, ImageMissing
from digits_server.picture import Encoded, Missing, Picture, Pixels
from numpy.typing import NDArray
from typing_extensions import override

from tests.readers import bars, png


@pytest.fixture
def batcher() -> Iterator[Batcher]:
    """A batcher with one decoder."""
    with Batcher(threads=1, limits=Limits()) as batcher:
        yield batcher


@pytest.fixture(scope="module")
def recognizer(tiny_models: Path) -> Recognizer:
    """A tiny model."""
    return Recognizer.load("cnn", tiny_models)


@pytest.fixture(scope="module")
def reader(reading_models: Path) -> Reader:
    """A reader that takes every solid bar for a 7."""
    return Reader.load(reading_models)


@dataclass(frozen=True, slots=True)
class Gate(Picture):
    """A file whose decoding begins, tells so, and waits until it may go on."""

    heavy: ClassVar[bool] = True
    begun: threading.Event
    go: threading.Event

    @override
    def grey(self, limits: Limits) -> NDArray[np.uint8]:
        self.begun.set()
        assert self.go.wait(10)
        return np.zeros((28, 28), np.uint8)


def gate() -> Gate:
    """A closed gate."""
    return Gate("image.encoded", threading.Event(), threading.Event())


async def until(event: threading.Event) -> None:
    """Wait for a decoder without holding up the loop."""
    assert await asyncio.to_thread(event.wait, 10)


async def test_bad_picture_names_its_field(batcher: Batcher) -> None:
    """One picture that is at fault raises, with its place in the request."""
    with pytest.raises(FieldError) as caught:
        await batcher.see(Encoded("image.encoded", b"text"))

    assert caught.value.field == "image.encoded"
    assert caught.value.cause.reason == "UNSUPPORTED_FORMAT"


async def test_batch(batcher: Batcher, recognizer: Recognizer, digit_png: bytes) -> None:
    """Good and bad pictures, files and pixels, over several pieces, come back in order."""
    rng = np.random.default_rng(0)
    pictures: list[Picture] = [
        Pixels("p", rng.integers(0, 256, 784, np.uint8).tobytes()) for _ in range(2 * PIECE + 5)
    ]
    pictures[3] = Encoded("files[3]", digit_png)
    pictures[PIECE] = Missing("missing")
    pictures[-1] = Encoded("last", b"")
    outcomes = await batcher.recognize_all(pictures, recognizer)
    faults = {place: o.field for place, o in enumerate(outcomes) if isinstance(o, FieldError)}

    assert faults == {PIECE: "missing", len(pictures) - 1: "last"}
    for picture, outcome in zip(pictures, outcomes, strict=True):
        if not isinstance(outcome, FieldError):
            alone = await batcher.recognize(await batcher.see(picture), recognizer)
            assert outcome.probabilities == pytest.approx(alone.probabilities, abs=1e-6)


async def test_only_bad_pictures(batcher: Batcher, recognizer: Recognizer) -> None:
    """A batch of nothing but faults asks no model."""
    outcomes = await batcher.recognize_all([Missing("a"), Missing("b")], recognizer)

    assert [outcome.field for outcome in outcomes] == ["a", "b"]


@pytest.fixture
def doubt(recognizer: Recognizer) -> Prediction:
    """A model's doubt about something wide."""
    answer = recognizer.predict(bars((40, 30)))
    wide = np.zeros((28, 28), np.uint8)
    wide[10:18, 4:24] = 255
    return replace(answer, accepted=False, reason=Rejection.NOT_A_DIGIT, normalized=wide)


THREE = png(bars((40, 30), (90, 30), (140, 30)))


async def test_doubts_are_counted(batcher: Batcher, reader: Reader, doubt: Prediction) -> None:
    """The reader is asked about each picture in doubt, and faults stay in their place."""
    fault = FieldError("images[1]", ImageMissing("none"))
    pictures = [Encoded("images[0].encoded", THREE), Missing("images[1]")]
    counted, same = await batcher.count_all(pictures, [doubt, fault], reader)

    assert isinstance(counted, Prediction)
    assert (counted.reason, counted.digit_count) == (Rejection.SEVERAL_DIGITS, 3)
    assert same is fault


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(Pixels("image.pixels", bytes(784)), id="values"),
        pytest.param(Encoded("image.encoded", b"text"), id="unreadable"),
    ],
)
async def test_doubts_that_stay(
    batcher: Batcher, reader: Reader, doubt: Prediction, picture: Picture
) -> None:
    """Values are one digit's; and what the reader cannot take was answered all the same."""
    assert await batcher.count(picture, [doubt], reader) == [doubt]


async def test_counting_costs_no_answer(
    batcher: Batcher, reader: Reader, doubt: Prediction
) -> None:
    """Doubts that are not counted in half of the time left stay: a batch is answered in time."""
    slow = gate()
    pictures = [Encoded("images[0].encoded", THREE), slow, Encoded("images[2].encoded", THREE)]
    async with deadline.within(4):
        started = time.monotonic()
        outcomes = await batcher.count_all(pictures, [doubt] * 3, reader)
        took = time.monotonic() - started
        slow.go.set()

    assert [outcome.reason for outcome in outcomes] == [
        Rejection.SEVERAL_DIGITS,
        Rejection.NOT_A_DIGIT,
        Rejection.NOT_A_DIGIT,
    ]
    assert took < 4


async def test_nobody_counts_without_a_reader(batcher: Batcher, doubt: Prediction) -> None:
    """A server without one says what its models say."""
    assert await batcher.count(Encoded("image.encoded", THREE), [doubt], None) == [doubt]


async def test_queued_picture_is_not_decoded_after_a_cancel(batcher: Batcher) -> None:
    """A call that is cancelled while it waits for the decoder costs nothing more."""
    first, second = gate(), gate()
    running = asyncio.create_task(batcher.see(first))
    await until(first.begun)
    waiting = asyncio.create_task(batcher.see(second))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    first.go.set()
    await running
    after = await batcher.see(Pixels("p", bytes(784)))

    assert not second.begun.is_set()
    assert not after.any()


async def test_queued_picture_is_not_decoded_after_its_deadline(batcher: Batcher) -> None:
    """Nor does one whose time is over when the decoder gets to it, even if the loop is held up."""
    first, second = gate(), gate()
    running = asyncio.create_task(batcher.see(first))
    await until(first.begun)

    async def call() -> None:
        async with deadline.within(0.05):
            await batcher.see(second)

    waiting = asyncio.create_task(call())
    await asyncio.sleep(0)
    second.go.set()
    time.sleep(0.1)  # noqa: ASYNC251  # holds up the loop, so that its timer cannot cancel
    first.go.set()
    second.begun.wait(0.2)
    with pytest.raises(DeadlinePassed):
        await waiting
    await running

    assert not second.begun.is_set()


async def test_no_inference_after_the_deadline(batcher: Batcher, recognizer: Recognizer) -> None:
    """A prepared picture is not shown to the model when the time is over."""
    seen = await batcher.see(Pixels("p", bytes(784)))

    async def call() -> None:
        async with deadline.within(0.01):
            time.sleep(0.02)  # noqa: ASYNC251  # work in the loop, as inference is
            await batcher.recognize(seen, recognizer)

    with pytest.raises(DeadlinePassed):
        await call()


async def test_long_batch_lets_others_run(batcher: Batcher, recognizer: Recognizer) -> None:
    """Between two pieces the loop turns, so that health checks are answered meanwhile."""
    pictures = [Pixels("p", bytes(784))] * (PIECE * 10)
    batch = asyncio.create_task(batcher.recognize_all(pictures, recognizer))
    turns = 0
    while not batch.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns >= 10


async def test_reading_lets_others_run(batcher: Batcher, reader: Reader) -> None:
    """Decoding and reading are off the loop, which turns meanwhile."""
    closed = gate()
    reading = asyncio.create_task(batcher.read(closed, reader, min_digits=0, max_digits=0))
    await until(closed.begun)
    closed.go.set()
    number = await reading

    assert number.text == ""


async def test_reading_names_the_picture_at_fault(batcher: Batcher, reader: Reader) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(FieldError) as caught:
        await batcher.read(Encoded("image.encoded", b"text"), reader, min_digits=0, max_digits=0)

    assert caught.value.field == "image.encoded"
    assert caught.value.cause.reason == "UNSUPPORTED_FORMAT"


async def test_queued_number_is_not_read_after_a_cancel(batcher: Batcher, reader: Reader) -> None:
    """A call that is cancelled while it waits for a thread costs nothing more."""
    first, second = gate(), gate()
    running = asyncio.create_task(batcher.see(first))
    await until(first.begun)
    waiting = asyncio.create_task(batcher.read(second, reader, min_digits=0, max_digits=0))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    first.go.set()
    await running
    await batcher.see(Encoded("image.encoded", png(bars((40, 30)))))

    assert not second.begun.is_set()


class Telling:
    """A reader that tells whether it was asked."""

    def __init__(self) -> None:
        self.asked = False

    def read(self, _picture: object, _limits: Limits, **_hints: int) -> None:
        self.asked = True


async def test_no_reading_after_the_deadline(batcher: Batcher) -> None:
    """A picture whose decoding took all the time is not read."""
    slow, reader = gate(), Telling()

    async def call() -> None:
        async with deadline.within(0.05):
            await batcher.read(slow, reader, min_digits=0, max_digits=0)

    waiting = asyncio.create_task(call())
    await until(slow.begun)
    with pytest.raises(DeadlinePassed):
        await waiting
    slow.go.set()
    await batcher.see(Encoded("image.encoded", png(bars((40, 30)))))

    assert not reader.asked
