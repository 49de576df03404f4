"""The composition root: settings in, application out."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from digits_client import AsyncClient
from fastapi import FastAPI

from digits_gateway import page, problems
from digits_gateway.access import Access
from digits_gateway.picture import Intake
from digits_gateway.routes import router
from digits_gateway.settings import Settings

_DESCRIPTION = """
Send a picture of a handwritten digit, get the digit, how sure the model is, and an honest
`accepted: false` when it is not one clear digit. Failures are problem documents (RFC 9457).
"""


def build(settings: Settings, connect: Callable[..., AsyncClient] = AsyncClient) -> FastAPI:
    """Return the gateway. `connect` makes the client of the recogniser, as `AsyncClient` does."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        # A grpc.aio channel belongs to the loop that runs when it is made.
        async with connect(settings.backend, workers=settings.worker_addresses) as client:
            yield {
                "client": client,
                "deadline": settings.deadline_s,
                "intake": Intake(settings.max_body_bytes, settings.read_timeout_s),
            }

    app = FastAPI(
        title="digits",
        version=version("digits-gateway"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # A redirect has no body: curl, which follows none, would print nothing.
        redirect_slashes=False,
        # The router included would look at each request twice.
        routes=router.routes,
    )
    app.add_middleware(Access)
    problems.install(app)
    page.install(app)
    return app
