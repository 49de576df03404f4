"""The browser page and the interface's documentation: files, served without the internet."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

_FOLDER = Path(__file__).parent / "static"

_CACHE = {"cache-control": "no-cache"}
"""A browser asks whether a file has changed; it is told so by its ETag."""

DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Swagger UI writes styles into its elements."""


class Files(StaticFiles):
    """Static files that browsers revalidate, so that an update shows at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(_CACHE)
        return response


def install(app: FastAPI) -> None:
    """Serve the page at `/` and Swagger UI at `/docs`."""

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_FOLDER / "index.html", headers=_CACHE)

    @app.api_route("/docs", methods=["GET", "HEAD"], include_in_schema=False)
    async def docs() -> FileResponse:
        policy: MutableMapping[str, str] = {"content-security-policy": DOCS_POLICY}
        return FileResponse(_FOLDER / "docs.html", headers={**_CACHE, **policy})

    app.mount("/static", Files(directory=_FOLDER))
    app.mount("/swagger-ui", Files(packages=[("fastapi_offline", "static")]))
