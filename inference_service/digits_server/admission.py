"""Whether a call may start."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from digits_server.errors import NotReady, Overloaded, ShuttingDown


class Phase(Enum):
    """The life of the server."""

    LOADING = "loading"
    SERVING = "serving"
    DRAINING = "draining"


class Admission:
    """Counts the calls at work and refuses those beyond the limit, or outside serving.

    A refusal costs microseconds: the request has not been parsed. Health and
    reflection do not pass here, so that a full server still says how it is.
    `idle` is set while no call is at work.
    """

    def __init__(self, max_in_flight: int) -> None:
        self.phase = Phase.LOADING
        self.in_flight = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self._max_in_flight = max_in_flight

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Hold a place for the length of the body.

        Raises `NotReady`, `ShuttingDown` or `Overloaded`.
        """
        if self.phase is Phase.LOADING:
            raise NotReady("the server is loading its models: try again in a second")
        if self.phase is Phase.DRAINING:
            raise ShuttingDown("the server is shutting down: try another one")
        if self.in_flight >= self._max_in_flight:
            raise Overloaded(f"{self._max_in_flight} calls are in flight: try again in a moment")
        self.in_flight += 1
        self.idle.clear()
        try:
            yield
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self.idle.set()
