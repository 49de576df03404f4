"""What every call to `DigitService` passes through before its method."""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import grpc
import structlog
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from digits_server import deadline
from digits_server.admission import Admission
from digits_server.figures import Figures
from digits_server.status import INTERNAL, Status

REQUEST_ID = "x-request-id"

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Handlers: TypeAlias = "grpc.GenericRpcHandler[Any, Any]"
Method: TypeAlias = Callable[[Any, Context], Awaitable[Message | bytes]]

_FIT_FOR_A_LOG = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)


class Calls:
    """Gives each call its id, its place, its deadline, its status and its line in the log.

    It stands round the methods themselves. As an interceptor, gRPC would have it
    look for the method anew in every call; health and reflection go past it.
    """

    def __init__(self, admission: Admission, figures: Figures, *, deadline_s: float) -> None:
        self._admission = admission
        self._figures = figures
        self._deadline_s = deadline_s
        # Bound once: binding takes as long as writing a line.
        self._log = structlog.get_logger(__name__).bind()

    def handlers(self, service: ServiceDescriptor, servicer: object) -> Handlers:
        """The servicer's methods as gRPC takes them."""
        return grpc.method_handlers_generic_handler(
            service.full_name,
            {
                method.name: self._handler(method, getattr(servicer, method.name))
                for method in service.methods
            },
        )

    def _handler(self, method: MethodDescriptor, answer: Method) -> Handler:
        parse = GetMessageClass(method.input_type).FromString

        async def call(request: bytes, context: Context) -> Message | bytes:
            return await self._call(method.name, answer, parse, request, context)

        # No deserializer: a call that is refused is not worth parsing.
        return grpc.unary_unary_rpc_method_handler(call, response_serializer=_written)

    async def _call(
        self,
        method: str,
        answer: Method,
        parse: Callable[[bytes], Message],
        request: bytes,
        context: Context,
    ) -> Message | bytes:
        started = time.monotonic()
        request_id = _request_id(context)
        named = {"request_id": request_id, "method": method}
        context.set_trailing_metadata(((REQUEST_ID, request_id),))
        try:
            with self._admission.enter():
                async with deadline.within(self._allowed(context)):
                    response = await answer(parse(request), context)
        except asyncio.CancelledError:
            self._figures.failed += 1
            self._log.info("call", **named, code="CANCELLED", ms=_ms(started))
            raise
        except Exception as error:  # noqa: BLE001  # the last stop: whatever it is, it becomes a status
            self._figures.failed += 1
            status = Status.of(error)
            report = self._log.error if status.reason == INTERNAL else self._log.info
            report(
                "call",
                **named,
                code=status.code.name,
                reason=status.reason,
                ms=_ms(started),
                exc_info=error if status.reason == INTERNAL else None,
            )
            metadata = (*status.metadata(), (REQUEST_ID, request_id))
            await context.abort(status.code, status.message, metadata)
        self._figures.answered += 1
        self._log.info("call", **named, code="OK", ms=_ms(started))
        return response

    def _allowed(self, context: Context) -> float:
        remaining = context.time_remaining()
        return self._deadline_s if remaining is None else min(remaining, self._deadline_s)


def _request_id(context: Context) -> str:
    """The caller's id for this call, if it sent one that is fit for a log; else a new one."""
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID and isinstance(value, str) and _FIT_FOR_A_LOG.fullmatch(value):
            return value
    return secrets.token_hex(16)


def _written(response: Message | bytes) -> bytes:
    return response if isinstance(response, bytes) else response.SerializeToString()


def _ms(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 2)
