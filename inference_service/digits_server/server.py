"""The server's life: build, listen, load, serve, drain."""

import asyncio
import signal
from contextlib import suppress

import cv2
import grpc
import structlog

from digits_server import cpus
from digits_server.admission import Admission, Phase
from digits_server.batcher import Batcher
from digits_server.health import Health
from digits_server.interceptor import CallInterceptor
from digits_server.models import Models
from digits_server.servicer import DigitService
from digits_server.settings import Settings
from digits_server.transport import SERVICE, listen

NOTICE_S = 0.25
"""How long calls are still taken after the watches were told to go elsewhere."""

FLUSH_S = 0.5
"""How long the last answers may take on their way out."""

logger = structlog.get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let the calls in flight finish.

    The port is open while the models load, so that health can say NOT_SERVING.
    Raises `PortTaken`, or `BundleError` when there is nothing to serve.
    """
    stopping = _stop_signal()
    # The decoders are the parallelism. OpenCV would start a thread for each of the host's
    # processors, whatever the container's quota, and let them spin: 1.4 times the work a picture.
    cv2.setNumThreads(1)
    models = Models(settings.models_dir)
    health = Health(["", SERVICE])
    admission = Admission(settings.max_in_flight)
    interceptor = CallInterceptor(SERVICE, admission, deadline_s=settings.deadline_s)
    with Batcher(threads=cpus.available(), limits=settings.limits) as batcher:
        service = DigitService(models, batcher, max_items=settings.max_items)
        server, address = listen(settings, service, health, interceptor)
        await server.start()
        logger.info("listening", address=address)
        try:
            if await _load(models, stopping):
                admission.phase = Phase.SERVING
                await health.serve()
                logger.info("serving", models=[model.name for model in models])
                await stopping.wait()
        finally:
            await _drain(server, health, admission, settings.drain_grace_s)
    logger.info("stopped")


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
        await asyncio.sleep(NOTICE_S)
    await health.end()
    admission.phase = Phase.DRAINING
    leaving = asyncio.create_task(server.stop(grace_s))
    with suppress(TimeoutError):
        await asyncio.wait_for(admission.idle.wait(), grace_s)
    # What is open now are connections whose peers are gone, or do not listen.
    await server.stop(min(grace_s, FLUSH_S))
    await leaving


async def _load(models: Models, stopping: asyncio.Event) -> bool:
    """Load the models in a thread; False when the server is to stop before they are there."""
    loading = asyncio.create_task(asyncio.to_thread(models.load))
    asked_to_stop = asyncio.create_task(stopping.wait())
    await asyncio.wait([loading, asked_to_stop], return_when=asyncio.FIRST_COMPLETED)
    asked_to_stop.cancel()
    if stopping.is_set():
        loading.cancel()
        return False
    await loading
    return True


def _stop_signal() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; a second signal ends the process at once."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        stopping.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopping
