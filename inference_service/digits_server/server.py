"""A serving process's life: build, listen, load, serve, drain."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import cv2
import grpc
import structlog

from digits_server import cpus
from digits_server.admission import Admission, Phase
from digits_server.batcher import Batcher
from digits_server.calls import Calls
from digits_server.figures import Figures
from digits_server.health import Health
from digits_server.models import Models
from digits_server.orders import Order, Orders
from digits_server.servicer import DigitService
from digits_server.settings import Settings
from digits_server.transport import SERVICE, Place, listen

NOTICE_S = 0.25
"""How long calls are still taken after the watches were told to go elsewhere."""

FLUSH_S = 0.5
"""How long the last answers may take on their way out."""

BEAT_S = 0.2
"""How often the event loop shows that it turns."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """Name and version of a model that a process has."""

    name: str
    version: str


class Post(Protocol):
    """Where a server stands: its place, its orders, what it counts, and whom it tells.

    With `late` it listens only once its models are there, so that others of its
    place get the calls meanwhile; else at once, so that health can say NOT_SERVING.
    """

    place: Place
    orders: Orders
    figures: Figures
    late: bool

    def listening(self, address: str) -> None:
        """Connections are taken at the address."""

    def loaded(self, models: list["LoadedModel"]) -> None:
        """These models can answer: an order to serve may come."""

    def serving(self) -> None:
        """Health says SERVING."""


async def serve(settings: Settings, post: Post) -> None:
    """Serve as ordered until the order to stop, then let the calls in flight finish.

    Raises `PortTaken`, or `BundleError` when there is nothing to serve.
    """
    # Workers and decoders are the parallelism. OpenCV would start a thread for each of the host's
    # processors, whatever the container's quota, and let them spin: 1.4 times the work a picture.
    cv2.setNumThreads(1)
    models = Models(settings.models_dir)
    health = Health("", SERVICE)
    admission = Admission(settings.max_in_flight)
    calls = Calls(admission, post.figures, deadline_s=settings.deadline_s)
    beating = asyncio.create_task(_beat(post.figures, admission))
    if post.late and not await _load(models, post.orders):
        return
    with Batcher(threads=_decoders(settings, post.place), limits=settings.limits) as batcher:
        service = DigitService(models, batcher, max_items=settings.max_items)
        server, address = listen(settings, post.place, service, health, calls)
        await server.start()
        post.listening(address)
        try:
            if post.late or await _load(models, post.orders):
                admission.phase = Phase.SERVING
                post.loaded([LoadedModel(model.name, model.version) for model in models])
                await _obey(post, health)
        finally:
            await _drain(server, health, admission, post.orders.grace_s)
            beating.cancel()


def _decoders(settings: Settings, place: Place) -> int:
    """Threads that decode, so that all workers together keep every processor at work."""
    processes = 1 if place.worker is None else settings.workers
    return max(1, cpus.available() // processes)


async def _beat(figures: Figures, admission: Admission) -> None:
    while True:
        figures.beats += 1
        figures.in_flight = admission.in_flight
        await asyncio.sleep(BEAT_S)


async def _obey(post: Post, health: Health) -> None:
    while (order := await post.orders.next()) is not Order.STOP:
        match order:
            case Order.SERVE:
                await health.serve()
                post.serving()
            case Order.DOUBT:
                await health.doubt()
            case Order.REFUSE:
                await health.refuse()


async def _drain(
    server: grpc.aio.Server, health: Health, admission: Admission, grace_s: float
) -> None:
    """Send the clients elsewhere, then let the calls in flight finish within the grace.

    gRPC cancels the calls that reach it while it says goodbye. A client that
    watches our health leaves before that, if it gets the time to hear of it.
    """
    logger.info("draining", in_flight=admission.in_flight, watches=health.watches)
    await health.refuse()
    if health.watches:
        await asyncio.sleep(max(0.0, health.refused_at + NOTICE_S - time.monotonic()))
    await health.end()
    admission.phase = Phase.DRAINING
    leaving = asyncio.create_task(server.stop(grace_s))
    with suppress(TimeoutError):
        await asyncio.wait_for(admission.idle.wait(), grace_s)
    # What is open now are connections whose peers are gone, or do not listen. Never without a
    # time: gRPC would cancel the calls of a server that the first `stop` has just freed.
    await server.stop(FLUSH_S)
    await leaving


async def _load(models: Models, orders: Orders) -> bool:
    """Load the models in a thread; False when the server is to stop before they are there."""
    loading = asyncio.create_task(asyncio.to_thread(models.load))
    asked_to_stop = asyncio.create_task(orders.stopped.wait())
    await asyncio.wait([loading, asked_to_stop], return_when=asyncio.FIRST_COMPLETED)
    asked_to_stop.cancel()
    if orders.stopped.is_set():
        loading.cancel()
        return False
    await loading
    return True
