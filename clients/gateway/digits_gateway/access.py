"""Round every request: its id, one line in the log, and headers that browsers obey."""

import re
import time
import uuid

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digits_gateway.problems import Problem

_log = structlog.get_logger()

_REQUEST_ID = re.compile(rb"[\w.:/+=@-]{1,128}")
"""What may travel on in gRPC metadata and into a log."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEADERS = (
    (b"content-security-policy", PAGE_POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


class Access:
    """Middleware: gives each request an id, logs it once, and hides what goes wrong inside.

    A request may bring its own `x-request-id`; the reply carries it in any case,
    and so does the call to the recogniser.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = request_id = _request_id(scope)
        status, start = 0, time.perf_counter()

        async def reply(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"]
                headers.append((b"x-request-id", request_id.encode()))
                there = {name for name, _ in headers}
                headers.extend(header for header in _HEADERS if header[0] not in there)
            await send(message)

        try:
            await self._app(scope, receive, reply)
        except ClientDisconnect:
            status, state["reason"] = 499, "HUNG_UP"
        except Exception:  # noqa: BLE001 - whatever it was, the caller gets a fixed text
            _log.exception("failure", request_id=request_id)
            problem = Problem("INTERNAL", "")
            state["reason"] = problem.reason
            if status == 0:
                await problem.response()(scope, receive, reply)
        finally:
            _log.info(
                "request",
                request_id=request_id,
                method=scope["method"],
                path=scope.get("raw_path", b"").decode("ascii", "replace")[:200],
                status=status,
                reason=state.get("reason"),
                ms=round(1000 * (time.perf_counter() - start), 1),
            )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return uuid.uuid4().hex
