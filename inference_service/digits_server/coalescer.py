"""Pictures of several calls, shown to their model together.

One run for eight pictures takes half as long as eight runs. No timer is waited
for: what has gathered when the event loop brings no more goes.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from digits_core import Answers, Normalized, Prediction, Recognizer, from_pixels
from numpy.typing import NDArray

from digits_server import deadline
from digits_server.errors import DeadlinePassed

TURN_S = 0.002
"""How long the models may hold up the event loop at a time, as far as can be foreseen."""

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
# What a picture takes before anything was measured, in seconds.
_FIRST_S = 0.0002


Seen: TypeAlias = Normalized | NDArray[np.uint8]
"""A prepared picture, or values uint8[28, 28] as they came."""


@dataclass(frozen=True, slots=True)
class Row:
    """One of several answers that were found together."""

    answers: Answers
    place: int

    @property
    def prediction(self) -> Prediction:
        """The answer on its own."""
        return self.answers[self.place]


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """What a model is to see, the model, when its call ends, and who waits for the answer."""

    seen: Seen
    recognizer: Recognizer
    ends: float
    answer: asyncio.Future[Prediction | Row]

    @property
    def readings(self) -> int:
        """How many 28x28 the model has to look at."""
        return 1 + len(self.seen.alternatives) if isinstance(self.seen, Normalized) else 1


class Coalescer:
    """Answers pictures in the order in which they came, as many at once as `TURN_S` allows.

    A call that is cancelled or fails takes nothing from the others.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self._each_s = _FIRST_S
        self._company = 1.0
        self._gathered = self._quiet = 0

    async def recognize(self, seen: Seen, recognizer: Recognizer) -> Prediction | Row:
        """Ask a model about one picture; a row where values were answered together.

        Raises `DeadlinePassed` where the answer would come too late, and what the model raises.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            self._gathered = 0
            loop.call_soon(self._turn)
        answer: asyncio.Future[Prediction | Row] = loop.create_future()
        self._waiting.append(_Waiting(seen, recognizer, deadline.end(), answer))
        return await answer

    def _turn(self) -> None:
        room = max(1.0, TURN_S / self._each_s)
        if self._more_to_come(room):
            asyncio.get_running_loop().call_soon(self._turn)
            return
        self._company += _NEWEST * (len(self._waiting) - self._company)
        alike: dict[tuple[Recognizer, bool], list[_Waiting]] = {}
        while self._waiting and room > 0:
            member = self._waiting.popleft()
            if member.answer.done():  # cancelled
                continue
            if time.monotonic() >= member.ends:
                member.answer.set_exception(DeadlinePassed(deadline.PASSED))
                continue
            room -= member.readings
            kind = member.recognizer, isinstance(member.seen, Normalized)
            alike.setdefault(kind, []).append(member)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._turn)
        for (recognizer, _), members in alike.items():
            self._ask(recognizer, members)

    def _more_to_come(self, room: float) -> bool:
        """Whether calls are coming in, as they did of late, and there is room for them."""
        count = len(self._waiting)
        self._quiet = self._quiet + 1 if count == self._gathered else 0
        self._gathered = count
        return self._company > COMPANY and self._quiet < QUIET and count < room

    def _ask(self, recognizer: Recognizer, members: Sequence[_Waiting]) -> None:
        started = time.perf_counter()
        try:
            answers = _answers(recognizer, [member.seen for member in members])
        except Exception as error:  # noqa: BLE001  # it belongs to the call whose picture it was
            if len(members) == 1:
                members[0].answer.set_exception(error)
                return
            for member in members:
                self._ask(recognizer, [member])
            return
        each = (time.perf_counter() - started) / sum(member.readings for member in members)
        self._each_s += _NEWEST * (each - self._each_s)
        for member, answer in zip(members, answers, strict=True):
            member.answer.set_result(answer)


def _answers(recognizer: Recognizer, seen: Sequence[Seen]) -> Sequence[Prediction | Row]:
    values = [each for each in seen if not isinstance(each, Normalized)]
    if len(values) < FEW:
        return recognizer.recognize(
            [each if isinstance(each, Normalized) else from_pixels(each) for each in seen]
        )
    answers = recognizer.recognize_values(np.stack(values))
    return [Row(answers, place) for place in range(len(answers))]
