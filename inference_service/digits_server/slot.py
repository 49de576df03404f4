"""A worker's place, as its supervisor sees it: the process that has it, and its predecessors."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection

from digits_server import worker
from digits_server.figures import Figures
from digits_server.orders import Order
from digits_server.settings import Settings
from digits_server.signals import STOPPING
from digits_server.transport import Place
from digits_server.worker import News, Stop

HUNG_LOOKS = 4
"""Looks without a sign of life after which a worker counts as hung."""

LOST_LOOKS = 20
"""Looks after which it is taken for lost: ten seconds, in which its callers' default deadline
has passed."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 30.0
"""How long a place stays empty after its process ended; twice as long each time."""

STEADY_S = 60.0
"""How long a process has to live for the pauses to begin anew."""

_FORK = multiprocessing.get_context("fork")


class Slot:
    """Starts the processes of one place, one after the other, and follows them.

    `due` is when an empty place is to be filled, by the monotonic clock, `pause_s`
    after it was emptied; `cause` is why its process says that it cannot serve.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.loaded = self.serving = self.dismissed = False
        self.cause = ""
        self.due = 0.0
        self._process: multiprocessing.context.ForkProcess | None = None
        self._figures = Figures()
        self._past = Figures()
        self._told: Order | None = None
        self._beats = self._silent = 0
        self.pause_s = FIRST_PAUSE_S / 2
        self._started = 0.0

    @property
    def taken(self) -> bool:
        """Whether a process has the place."""
        return self._process is not None

    @property
    def hung(self) -> bool:
        """Whether its event loop has not turned for a while."""
        return self._silent >= HUNG_LOOKS

    @property
    def lost(self) -> bool:
        """Whether it has been hung for so long that nothing is lost with it."""
        return self._silent >= LOST_LOOKS

    @property
    def handles(self) -> list[Connection | int]:
        """What becomes ready when there is news or the process ends."""
        return [self.pipe, self._process.sentinel] if self._process else []

    @property
    def figures(self) -> dict[str, int]:
        """What all processes of the place have counted."""
        return {
            "in_flight": self._figures.in_flight if self.taken else 0,
            "answered": self._past.answered + self._figures.answered,
            "failed": self._past.failed + self._figures.failed,
        }

    def start(self, settings: Settings, pipes: Iterable[Connection], *, late: bool) -> None:
        """Fork a process into the place; `pipes` are the supervisor's, which it has to close.

        Raises `OSError` where the system has no room for it; the place is then `due` again.
        """
        ours, theirs = _FORK.Pipe()
        figures = Figures.shared()
        run = partial(worker.run, settings, self.place, theirs, figures, late=late)
        process = _FORK.Process(target=_forked, args=(run, [*pipes, ours]))
        # A signal that a worker caught before it ignores them would count as its supervisor's.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            process.start()
        except OSError:
            ours.close()
            self._rest()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()
        self.pipe, self._process, self._figures, self.cause = ours, process, figures, ""
        self._started = time.monotonic()

    def news(self) -> Iterable[News]:
        """What the process has told since the last time."""
        with suppress(EOFError, OSError):
            while self.taken and self.pipe.poll():
                yield self.pipe.recv()

    def order(self, order: Order) -> None:
        """Give an order, unless it was the last one."""
        if order is not self._told:
            self._told = order
            self._send(order)

    def dismiss(self, grace_s: float) -> None:
        """Let the process end within the grace."""
        self.dismissed = True
        self._send(Stop(grace_s))

    def look(self) -> None:
        """See whether the event loop has turned since the last look."""
        beats = self._figures.beats
        self._silent = 0 if beats != self._beats else self._silent + 1
        self._beats = beats

    def kill(self) -> None:
        """End the process at once."""
        if self._process:
            self._process.kill()

    def vacated(self) -> int | None:
        """Empty the place if its process has ended; the exit code, negative for a signal."""
        if self._process is None or (code := self._process.exitcode) is None:
            return None
        self._process.close()
        self._process = None
        self.pipe.close()
        self._past.answered += self._figures.answered
        self._past.failed += self._figures.failed
        self._figures = Figures()
        self._told = None
        self._beats = self._silent = 0
        self.loaded = self.serving = False
        self._rest()
        return code

    def _rest(self) -> None:
        """Leave the place empty for a while."""
        now = time.monotonic()
        steady = now - self._started >= STEADY_S
        self.pause_s = FIRST_PAUSE_S if steady else min(2 * self.pause_s, LONGEST_PAUSE_S)
        self.due = now + self.pause_s

    def _send(self, message: Order | Stop) -> None:
        with suppress(OSError):  # it is gone: that is seen elsewhere
            self.pipe.send(message)


def _forked(run: Callable[[], None], inherited: Iterable[Connection]) -> None:
    # Held open here, a sibling's pipe would not break when the supervisor dies.
    for pipe in inherited:
        pipe.close()
    run()
