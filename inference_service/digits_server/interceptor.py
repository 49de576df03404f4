"""What every call to `DigitService` passes through before its method."""

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import grpc
import structlog

from digits_server import deadline
from digits_server.admission import Admission
from digits_server.figures import Figures
from digits_server.status import INTERNAL, Status

REQUEST_ID = "x-request-id"

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
Handler: TypeAlias = Any  # the stubs type the handlers of the synchronous server only

_FIT_FOR_A_LOG = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)

logger = structlog.get_logger(__name__)


class CallInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in the stubs alone
    """Gives each call its id, its place, its deadline, its status and its line in the log.

    The calls of other services (health, reflection) go past it.
    """

    def __init__(
        self, service: str, admission: Admission, figures: Figures, *, deadline_s: float
    ) -> None:
        self._prefix = f"/{service}/"
        self._admission = admission
        self._figures = figures
        self._deadline_s = deadline_s

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith(self._prefix):
            return handler

        async def call(request: bytes, context: Context) -> Any:
            return await self._call(handler, method.removeprefix(self._prefix), request, context)

        # No deserializer: a call that is refused is not worth parsing.
        return grpc.unary_unary_rpc_method_handler(
            call, response_serializer=handler.response_serializer
        )

    async def _call(self, handler: Handler, method: str, request: bytes, context: Context) -> Any:
        started = time.monotonic()
        request_id = _request_id(context)
        log = logger.bind(request_id=request_id, method=method)
        context.set_trailing_metadata(((REQUEST_ID, request_id),))
        try:
            with self._admission.enter():
                async with deadline.within(self._allowed(context)):
                    answer = await handler.unary_unary(
                        handler.request_deserializer(request), context
                    )
        except asyncio.CancelledError:
            self._figures.failed += 1
            log.info("call", code="CANCELLED", ms=_ms(started))
            raise
        except Exception as error:  # noqa: BLE001  # the last stop: whatever it is, it becomes a status
            self._figures.failed += 1
            status = Status.of(error)
            report = log.error if status.reason == INTERNAL else log.info
            report(
                "call",
                code=status.code.name,
                reason=status.reason,
                ms=_ms(started),
                exc_info=error if status.reason == INTERNAL else None,
            )
            metadata = (*status.metadata(), (REQUEST_ID, request_id))
            await context.abort(status.code, status.message, metadata)
        self._figures.answered += 1
        log.info("call", code="OK", ms=_ms(started))
        return answer

    def _allowed(self, context: Context) -> float:
        remaining = context.time_remaining()
        return self._deadline_s if remaining is None else min(remaining, self._deadline_s)


def _request_id(context: Context) -> str:
    """The caller's id for this call, if it sent one that is fit for a log; else a new one."""
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID and isinstance(value, str) and _FIT_FOR_A_LOG.fullmatch(value):
            return value
    return uuid.uuid4().hex


def _ms(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 2)
