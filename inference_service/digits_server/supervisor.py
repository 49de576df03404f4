"""Several server processes on one port: started, watched, replaced, stopped.

The supervisor has no part in the calls. Linux spreads the connections over the
workers, which all listen on the port; what they count lies in memory that they
share with it.
"""

import gc
import os
import signal
import time
from multiprocessing.connection import wait

import structlog

from digits_server.errors import WorkerFailed
from digits_server.orders import Order
from digits_server.port import reserved
from digits_server.server import LoadedModel
from digits_server.settings import Settings
from digits_server.signals import Signals
from digits_server.slot import Slot
from digits_server.transport import Place
from digits_server.worker import Failed, Listening, Loaded, News, Serving

LOOK_S = 0.5
"""How often the workers are looked at."""

TELL_S = 60.0
"""How often the log tells what they have done, if they did anything."""

LEAVE_S = 5.0
"""How long a worker may take to end when its grace is over."""

logger = structlog.get_logger(__name__)


def supervise(settings: Settings) -> None:
    """Serve with `settings.workers` processes until SIGTERM or SIGINT; a second one ends at once.

    Raises `PortTaken`, or `WorkerFailed` when a worker cannot begin to serve.
    """
    with reserved(settings.host, settings.grpc_port) as port, Signals() as signals:
        supervisor = Supervisor(settings, port)
        # What was imported is shared until it is written to; the collector would write to all.
        gc.freeze()
        try:
            supervisor.run(signals)
        finally:
            supervisor.kill()
    logger.info("stopped", **supervisor.figures)


class Supervisor:
    """Keeps a worker in every slot."""

    def __init__(self, settings: Settings, port: int) -> None:
        self._settings = settings
        self._slots = [Slot(Place(settings.host, port, index)) for index in range(settings.workers)]
        self._served = False
        self._address = ""
        self._models: list[LoadedModel] = []
        self._stop_by: float | None = None
        self._dismiss_at = 0.0
        self._look_at = self._tell_at = 0.0
        self._told = 0

    @property
    def figures(self) -> dict[str, object]:
        """What the workers have counted, together and each."""
        each = [slot.figures for slot in self._slots]
        return {key: sum(one[key] for one in each) for key in each[0]} | {"workers": each}

    def run(self, signals: Signals) -> None:
        """Start the workers and follow them until they have ended as a signal demanded."""
        while self._stop_by is None or any(slot.taken for slot in self._slots):
            now = time.monotonic()
            if self._stop_by is None:
                self._fill(now)
            else:
                self._dismiss(now, self._stop_by)
            if now >= self._look_at:
                self._look(now)
            self._order()
            handles = [handle for slot in self._slots for handle in slot.handles]
            wait([signals.fileno(), *handles], max(0.0, self._next() - time.monotonic()))
            for number in signals.read():
                self._leave(number)
            for slot in self._slots:
                self._follow(slot)

    def kill(self) -> None:
        """End all workers at once."""
        for slot in self._slots:
            slot.kill()

    def _next(self) -> float:
        """When there is something to do, whatever is heard until then."""
        if self._stop_by is None:
            others = [slot.due for slot in self._slots if not slot.taken]
        else:
            staying = [slot for slot in self._slots if slot.taken and not slot.dismissed]
            others = [self._dismiss_at for _ in staying]
        return min([self._look_at, *others])

    def _fill(self, now: float) -> None:
        for slot in self._slots:
            if not slot.taken and now >= slot.due:
                self._start(slot)

    def _start(self, slot: Slot) -> None:
        pipes = [other.pipe for other in self._slots if other.taken]
        try:
            slot.start(self._settings, pipes, late=self._served)
        except OSError as error:
            if not self._served:
                raise WorkerFailed(f"no process for worker {slot.place.worker}: {error}") from error
            logger.error("no_process", worker=slot.place.worker, cause=str(error))  # noqa: TRY400

    def _look(self, now: float) -> None:
        # The next look is counted from here: a machine that slept is no worker that hangs.
        self._look_at = now + LOOK_S
        for slot in self._slots:
            if not slot.taken:
                continue
            was_hung = slot.hung
            slot.look()
            if slot.hung and not was_hung:
                logger.error("worker_hangs", worker=slot.place.worker)
            if slot.lost:
                slot.kill()
        if now >= self._tell_at:
            self._tell(now)

    def _tell(self, now: float) -> None:
        self._tell_at = now + TELL_S
        done = sum(slot.figures["answered"] + slot.figures["failed"] for slot in self._slots)
        if done != self._told:
            self._told = done
            logger.info("figures", **self.figures)

    def _order(self) -> None:
        """Let health tell of all workers: whoever asks hears of one at random."""
        if self._stop_by is not None:
            order = Order.REFUSE
        elif any(slot.hung for slot in self._slots):
            order = Order.DOUBT
        else:
            order = Order.SERVE
        if self._served or all(slot.loaded for slot in self._slots):
            for slot in self._slots:
                if slot.loaded:
                    slot.order(order)

    def _follow(self, slot: Slot) -> None:
        for news in slot.news():
            self._hear(slot, news)
        code = slot.vacated()
        if code is None or self._stop_by is not None:
            return
        if not self._served:
            raise WorkerFailed(slot.cause or f"worker {slot.place.worker} ended with {code}")
        logger.error(
            "worker_ended",
            worker=slot.place.worker,
            exit_code=code,
            cause=slot.cause,
            again_in_s=slot.pause_s,
        )

    def _hear(self, slot: Slot, news: News) -> None:
        match news:
            case Listening(address) if not self._address:
                self._address = address
                logger.info("listening", address=address)
            case Loaded(models):
                slot.loaded = True
                self._models = self._models or models
                if models != self._models:
                    # Published beside a server that runs: restart it, so that all have them.
                    logger.error("other_models", worker=slot.place.worker, models=models)
            case Serving() if not slot.serving:
                slot.serving = True
                if not self._served and all(other.serving for other in self._slots):
                    self._served = True
                    names = [model.name for model in self._models]
                    logger.info("serving", models=names, workers=len(self._slots))
            case Failed(cause):
                slot.cause = cause

    def _leave(self, number: int) -> None:
        """Begin to stop; at the second signal end as if nobody had caught it."""
        if self._stop_by is not None:
            self.kill()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._stop_by = time.monotonic() + self._settings.drain_grace_s
        logger.info("stopping", **self.figures)

    def _dismiss(self, now: float, stop_by: float) -> None:
        """Let the workers end one after the other, so that calls find one to the last.

        One that takes long does not use up the time of those that come after it.
        """
        if now >= stop_by + LEAVE_S:
            self.kill()
        here = [slot for slot in self._slots if slot.taken]
        staying = [slot for slot in here if not slot.dismissed]
        if staying and (len(staying) == len(here) or now >= self._dismiss_at):
            grace_s = max(0.0, stop_by - now)
            staying[0].dismiss(grace_s)
            self._dismiss_at = now + grace_s / len(staying)
