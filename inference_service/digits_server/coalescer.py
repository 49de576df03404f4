"""Work of the event loop itself: small pictures are prepared, and shown to their model together.

One run for eight pictures takes half as long as eight runs. No timer is waited
for: what has gathered when the event loop brings no more goes, and after some
time others get their turn.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from digits_core import Answers, Normalized, Prediction, Recognizer, from_pixels
from numpy.typing import NDArray

from digits_server import deadline
from digits_server.errors import DeadlinePassed, Overloaded

TURN_S = 0.01
"""How long the event loop may be held up at a time, as far as can be foreseen.

Measured from 1 to 16 ms: the longer, the more drawings a second (884, 1,014,
1,124, 1,235 and 1,325 for 1, 2, 4, 8 and 16 ms), as caches stay warm and replies
leave together; at half the peak p99 over p50 stays 3. Health waits no longer than
beside a large batch.
"""

FEW = 4
"""Fewer pictures of plain values are not worth telling their pieces in one go."""

QUIET = 20
"""Turns of the event loop without a new call after which nobody else is on the way: gRPC takes
calls in one by one, with several turns to each."""

COMPANY = 1.1
"""Pictures to a run, of late, from which on calls are taken to come together: one that has no
company is not kept waiting."""

# How much the newest run counts in the mean time that a picture takes, and the mean company.
_NEWEST = 0.1

Seen: TypeAlias = Normalized | NDArray[np.uint8]
"""A prepared picture, or values uint8[28, 28] as they came."""

Prepare: TypeAlias = Callable[[], Seen]
"""Prepares a picture, in the time of a small one; raises what is at fault."""


@dataclass(frozen=True, slots=True)
class Row:
    """One of several answers that were found together."""

    answers: Answers
    place: int

    @property
    def prediction(self) -> Prediction:
        """The answer on its own."""
        return self.answers[self.place]


@dataclass(slots=True, eq=False)
class _Waiting:
    """What is to be prepared and shown to a model, when its call ends, and who waits for it."""

    work: Prepare | Seen
    recognizer: Recognizer | None
    ends: float
    answer: asyncio.Future[Any]


class Coalescer:
    """Answers pictures in the order in which they came, as many at once as `TURN_S` allows.

    A call that is cancelled or fails takes nothing from the others.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        # Seconds that a model takes for a 28x28; nothing before it was measured.
        self._each_s = 0.0
        self._company = 1.0
        self._gathered = self._quiet = 0
        # Seconds that each of a queue takes, with all that the event loop does beside it.
        self._service_s = 0.0
        self._busy_since: float | None = None

    async def prepare(self, work: Prepare) -> Seen:
        """Prepare a small picture when its turn comes.

        Raises `Overloaded` or `DeadlinePassed` where that would be too late, and what `work`
        raises.
        """
        return await self._turn_for(work, None)

    async def recognize(self, work: Prepare | Seen, recognizer: Recognizer) -> Prediction | Row:
        """Ask a model about one picture; a row where values were answered together.

        Raises `Overloaded` or `DeadlinePassed` where the answer would come too late, and what
        the model raises.
        """
        return await self._turn_for(work, recognizer)

    def _turn_for(self, work: Prepare | Seen, recognizer: Recognizer | None) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        deadline.check()
        if time.monotonic() + len(self._waiting) * self._service_s > deadline.end():
            raise Overloaded("more calls wait than can be answered in this one's time: try later")
        if not self._waiting:
            self._gathered = 0
            loop.call_soon(self._turn)
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(_Waiting(work, recognizer, deadline.end(), answer))
        return answer

    def _turn(self) -> None:
        if self._more_to_come():
            asyncio.get_running_loop().call_soon(self._turn)
            return
        alike: dict[tuple[Recognizer, bool], list[tuple[Seen, asyncio.Future[Any]]]] = {}
        count, taken, left_s = 0, 0, TURN_S
        while self._waiting and left_s > 0:
            member = self._waiting.popleft()
            taken += 1
            if member.answer.done():  # cancelled
                continue
            started = time.monotonic()
            if started >= member.ends:
                member.answer.set_exception(DeadlinePassed(deadline.PASSED))
                continue
            seen = _seen(member)
            left_s -= time.monotonic() - started
            if seen is None:
                continue
            if member.recognizer is None:
                member.answer.set_result(seen)
                continue
            count += 1
            left_s -= self._each_s * _readings(seen)
            kind = member.recognizer, isinstance(seen, Normalized)
            alike.setdefault(kind, []).append((seen, member.answer))
        self._company = _mean(self._company, count)
        for (recognizer, _), members in alike.items():
            self._ask(recognizer, members)
        self._learn_service(taken)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._turn)

    def _learn_service(self, taken: int) -> None:
        """From the end of one turn to that of the next; what was learnt ends with the queue."""
        now = time.monotonic()
        if not self._waiting:
            self._service_s, self._busy_since = 0.0, None
            return
        if self._busy_since is not None:
            self._service_s = _mean(self._service_s, (now - self._busy_since) / taken)
        self._busy_since = now

    def _more_to_come(self) -> bool:
        """Whether calls are coming in, as they did of late, and there is time for them."""
        count = len(self._waiting)
        self._quiet = self._quiet + 1 if count == self._gathered else 0
        self._gathered = count
        return self._company > COMPANY and self._quiet < QUIET and count * self._each_s < TURN_S

    def _ask(
        self, recognizer: Recognizer, members: Sequence[tuple[Seen, asyncio.Future[Any]]]
    ) -> None:
        started = time.perf_counter()
        try:
            answers = _answers(recognizer, [seen for seen, _ in members])
        except Exception as error:  # noqa: BLE001  # it belongs to the call whose picture it was
            if len(members) == 1:
                members[0][1].set_exception(error)
                return
            for member in members:
                self._ask(recognizer, [member])
            return
        each = (time.perf_counter() - started) / sum(_readings(seen) for seen, _ in members)
        self._each_s = _mean(self._each_s, each)
        for (_, waiting), answer in zip(members, answers, strict=True):
            waiting.set_result(answer)


def _mean(so_far: float, newest: float) -> float:
    """A running mean that forgets; the newest alone where there was none."""
    return so_far + _NEWEST * (newest - so_far) if so_far else newest


def _seen(member: _Waiting) -> Seen | None:
    """What a picture looks like; None where it is at fault, which its call is told."""
    if isinstance(member.work, Normalized | np.ndarray):
        return member.work
    try:
        return member.work()
    except Exception as error:  # noqa: BLE001  # it belongs to the call whose picture it was
        member.answer.set_exception(error)
        return None


def _readings(seen: Seen) -> int:
    """How many 28x28 the model has to look at."""
    return 1 + len(seen.alternatives) if isinstance(seen, Normalized) else 1


def _answers(recognizer: Recognizer, seen: Sequence[Seen]) -> Sequence[Prediction | Row]:
    values = [each for each in seen if not isinstance(each, Normalized)]
    if len(values) < FEW:
        return recognizer.recognize(
            [each if isinstance(each, Normalized) else from_pixels(each) for each in seen]
        )
    answers = recognizer.recognize_values(np.stack(values))
    return [Row(answers, place) for place in range(len(answers))]
