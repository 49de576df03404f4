"""One of several server processes on a port: its supervisor gives the orders, over a pipe.

Forked from the supervisor, when that has imported everything and opened nothing:
there is one thread then that onnxruntime starts and that waits for nothing of ours.
"""

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TypeAlias

import uvloop
from digits_core.errors import CoreError

from digits_server import log
from digits_server.figures import Figures
from digits_server.orders import Order, Orders
from digits_server.server import LoadedModel, serve
from digits_server.settings import Settings
from digits_server.signals import STOPPING
from digits_server.transport import Place


@dataclass(frozen=True, slots=True)
class Stop:
    """To a worker: finish within the grace, in seconds, and end."""

    grace_s: float


@dataclass(frozen=True, slots=True)
class Listening:
    """From a worker: it takes connections at the address."""

    address: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """From a worker: these models can answer."""

    models: list[LoadedModel]


@dataclass(frozen=True, slots=True)
class Serving:
    """From a worker: its health says SERVING."""


@dataclass(frozen=True, slots=True)
class Failed:
    """From a worker: it cannot serve; `cause` says why, for people."""

    cause: str


News: TypeAlias = Listening | Loaded | Serving | Failed


class Worker:
    """The `Post` of a worker. When the pipe breaks its supervisor is gone, and it stops."""

    def __init__(
        self, settings: Settings, place: Place, pipe: Connection, figures: Figures, *, late: bool
    ) -> None:
        self.place = place
        self.orders = Orders()
        self.figures = figures
        self.late = late
        self._pipe = pipe
        self._grace_s = settings.drain_grace_s
        asyncio.get_running_loop().add_reader(pipe.fileno(), self._hear)

    def listening(self, address: str) -> None:
        self.tell(Listening(address))

    def loaded(self, models: list[LoadedModel]) -> None:
        self.tell(Loaded(models))

    def serving(self) -> None:
        self.tell(Serving())

    def tell(self, news: News) -> None:
        """Tell the supervisor, if there still is one."""
        with suppress(OSError):
            self._pipe.send(news)

    def _hear(self) -> None:
        try:
            match self._pipe.recv():
                case Stop(grace_s):
                    self.orders.stop(grace_s)
                case Order() as order:
                    self.orders.give(order)
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self.orders.stop(self._grace_s)


def run(
    settings: Settings, place: Place, pipe: Connection, figures: Figures, *, late: bool
) -> None:
    """Serve in this process, which was forked for it, until the order to stop."""
    # Ctrl-C and honcho signal the whole group; in which order workers go, the supervisor says.
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    signal.set_wakeup_fd(-1)
    log.configure(worker=place.worker)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, place, pipe, figures, late=late))


async def _serve(
    settings: Settings, place: Place, pipe: Connection, figures: Figures, *, late: bool
) -> None:
    worker = Worker(settings, place, pipe, figures, late=late)
    try:
        await serve(settings, worker)
    except CoreError as error:
        worker.tell(Failed(str(error)))
