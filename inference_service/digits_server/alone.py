"""A server of one process: signals are its orders."""

import asyncio
import signal

import structlog

from digits_server.figures import Figures
from digits_server.orders import Order, Orders
from digits_server.server import LoadedModel, serve
from digits_server.settings import Settings
from digits_server.transport import Place

logger = structlog.get_logger(__name__)


class Alone:
    """The `Post` of a process that nobody supervises: SIGTERM and SIGINT stop it.

    A second signal ends the process at once. Made in the event loop that runs.
    """

    late = False

    def __init__(self, settings: Settings) -> None:
        self.place = Place(settings.host, settings.grpc_port)
        self.orders = Orders()
        self.figures = Figures()
        self._grace_s = settings.drain_grace_s
        self._models: list[str] = []
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)

    def listening(self, address: str) -> None:
        logger.info("listening", address=address)

    def loaded(self, models: list[LoadedModel]) -> None:
        self._models = [model.name for model in models]
        self.orders.give(Order.SERVE)

    def serving(self) -> None:
        logger.info("serving", models=self._models)

    def _stop(self) -> None:
        self.orders.stop(self._grace_s)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)


async def serve_alone(settings: Settings) -> None:
    """Serve until a signal comes; raises what `digits_server.server.serve` raises."""
    post = Alone(settings)
    await serve(settings, post)
    logger.info("stopped", answered=post.figures.answered, failed=post.figures.failed)
