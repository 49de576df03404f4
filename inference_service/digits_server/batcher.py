"""From pictures to predictions: small ones in the event loop, large ones decoded on threads.

A 28x28 is through in less time than a hop to a thread takes, and a drawing in
less than the two threads then cost by taking the interpreter from each other:
2.3 ms instead of 1.5. What is long goes in pieces, so that other calls, health
checks and cancellations get their turn between them.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
from digits_core import Answers, Limits, Normalized, Number, Prediction, Reader, Recognizer
from digits_core.reading import counted, may_be_several
from numpy.typing import NDArray

from digits_server import deadline
from digits_server.coalescer import Coalescer, Row, Seen
from digits_server.errors import FieldError, at
from digits_server.picture import Picture, Pixels

PIECE = 32
"""Pictures between two turns of the event loop: some 10 ms of the largest model."""

Found = TypeVar("Found")
Outcome = TypeVar("Outcome")

ROWS = 128
"""The same of plain values, which take less."""


class Batcher:
    """Carries each call's pictures through decoding and a model, within its deadline.

    Every method raises `DeadlinePassed` before work that would come too late, or `Overloaded`.
    """

    def __init__(self, *, threads: int, limits: Limits) -> None:
        self._limits = limits
        self._coalescer = Coalescer()
        self._decoders = ThreadPoolExecutor(threads, thread_name_prefix="decoder")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._decoders.shutdown(wait=False, cancel_futures=True)

    async def see(self, picture: Picture) -> Seen:
        """Prepare one picture; raises `FieldError` when it is at fault."""
        if picture.heavy:
            return _good(await self._decode(picture))
        return await self._coalescer.prepare(partial(self._see, picture))

    async def recognize(self, seen: Seen, recognizer: Recognizer) -> Prediction | Row:
        """Ask a model about one prepared picture, together with those of other calls."""
        return await self._coalescer.recognize(seen, recognizer)

    async def answer(self, picture: Picture, recognizer: Recognizer) -> Prediction | Row:
        """Prepare one picture and ask a model about it; raises `FieldError` as `see` does."""
        if picture.heavy:
            return await self.recognize(_good(await self._decode(picture)), recognizer)
        return await self._coalescer.recognize(partial(self._see, picture), recognizer)

    async def recognize_values(
        self, values: NDArray[np.uint8], recognizer: Recognizer
    ) -> list[Answers]:
        """Ask a model about values uint8[N, 28, 28]; the answers in pieces, in order."""
        answers = []
        for start in range(0, len(values), ROWS):
            deadline.check()
            answers.append(recognizer.recognize_values(values[start : start + ROWS]))
            await asyncio.sleep(0)
        return answers

    async def recognize_all(
        self, pictures: Sequence[Picture], recognizer: Recognizer
    ) -> list[Prediction | FieldError]:
        """Prepare the pictures and ask a model about them; bad ones fail alone, in their place."""
        outcomes: list[Prediction | FieldError] = []
        for start in range(0, len(pictures), PIECE):
            piece = await self._prepare_all(pictures[start : start + PIECE])
            deadline.check()
            good = [seen for seen in piece if not isinstance(seen, FieldError)]
            predictions = iter(recognizer.recognize(good) if good else [])
            outcomes += [
                seen if isinstance(seen, FieldError) else next(predictions) for seen in piece
            ]
            await asyncio.sleep(0)
        return outcomes

    async def read(
        self, picture: Picture, reader: Reader, *, min_digits: int, max_digits: int
    ) -> Number:
        """Decode one picture and read its number, all of it on a worker thread: it takes long."""
        return await self._read(
            picture,
            lambda grey: reader.read(
                grey, self._limits, min_digits=min_digits, max_digits=max_digits
            ),
        )

    async def count(
        self, picture: Picture, outcomes: Sequence[Prediction | Outcome], reader: Reader | None
    ) -> list[Prediction | Outcome]:
        """What models said of one picture, those in doubt with what a reader counts in it.

        It is asked where the digits may touch, which no model tells from what is none. It
        takes no more than half of the time left: then the doubts stay.
        """
        found = list(outcomes)
        if reader is None or not _in_doubt(picture, outcomes):
            return found
        with suppress(TimeoutError):
            async with deadline.half():
                found = await self._count(picture, outcomes, reader)
        return found

    async def count_all(
        self,
        pictures: Sequence[Picture],
        outcomes: Sequence[Prediction | Outcome],
        reader: Reader | None,
    ) -> list[Prediction | Outcome]:
        """The same of many pictures, an outcome each."""
        found = list(outcomes)
        if reader is None:
            return found
        with suppress(TimeoutError):
            async with deadline.half():
                for place, picture in enumerate(pictures):
                    if _in_doubt(picture, [outcomes[place]]):
                        (found[place],) = await self._count(picture, [outcomes[place]], reader)
        return found

    async def _count(
        self, picture: Picture, outcomes: Sequence[Prediction | Outcome], reader: Reader
    ) -> list[Prediction | Outcome]:
        try:
            digits = await self._read(picture, lambda grey: reader.count(grey, self._limits))
        except FieldError:
            return list(outcomes)  # it is answered, whatever the reader makes of it
        return [
            counted(each, digits) if isinstance(each, Prediction) else each for each in outcomes
        ]

    async def _read(self, picture: Picture, reading: Callable[[NDArray[np.uint8]], Found]) -> Found:
        def work() -> Found:
            deadline.check()
            with at(picture.field):
                grey = picture.grey(self._limits)
            deadline.check()
            with at(picture.field):
                return reading(grey)

        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._decoders, copy_context().run, work)

    async def _prepare_all(self, pictures: Sequence[Picture]) -> list[Normalized | FieldError]:
        heavy = [place for place, picture in enumerate(pictures) if picture.heavy]
        decoding = asyncio.gather(*(self._decode(pictures[place]) for place in heavy))
        try:
            light = {
                place: await self._prepare_between_turns(picture)
                for place, picture in enumerate(pictures)
                if not picture.heavy
            }
            prepared = light | dict(zip(heavy, await decoding, strict=True))
        finally:
            # Where the call has ended before them, nobody asks what became of them.
            decoding.cancel()
            decoding.add_done_callback(lambda done: done.cancelled() or done.exception())
        return [prepared[place] for place in range(len(pictures))]

    async def _prepare_between_turns(self, picture: Picture) -> Normalized | FieldError:
        seen = self._prepare(picture)
        await asyncio.sleep(0)
        return seen

    def _decode(self, picture: Picture) -> asyncio.Future[Normalized | FieldError]:
        # In a copy of the context, where the call's deadline lies.
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._decoders, copy_context().run, self._prepare, picture)

    def _prepare(self, picture: Picture) -> Normalized | FieldError:
        deadline.check()
        try:
            with at(picture.field):
                return picture.prepare(self._limits)
        except FieldError as error:
            return error

    def _see(self, picture: Picture) -> Seen:
        with at(picture.field):
            return picture.values if isinstance(picture, Pixels) else picture.prepare(self._limits)


def _in_doubt(picture: Picture, outcomes: Sequence[object]) -> bool:
    """Whether some model took for no clear digit what may be several that touch."""
    return picture.countable and any(
        isinstance(each, Prediction) and may_be_several(each) for each in outcomes
    )


def _good(seen: Normalized | FieldError) -> Normalized:
    if isinstance(seen, FieldError):
        raise seen
    return seen
