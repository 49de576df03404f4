"""`grpc.health.v1.Health`, whose watches can be ended.

The library's own servicer keeps a watch open until its client hangs up, and one
such watch makes the server wait for the whole of its grace when it stops.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import grpc
from grpc_health.v1 import health_pb2 as pb
from grpc_health.v1 import health_pb2_grpc
from typing_extensions import override

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


_SERVES: int = pb.HealthCheckResponse.SERVING
_REFUSES: int = pb.HealthCheckResponse.NOT_SERVING


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # untyped base
    """Of the name `whole`, and of the service that clients watch for this process alone.

    Neither serves at first, nor from `refuse` on. `watches` counts the open ones,
    `refused_at` is when `refuse` was called, by the monotonic clock.
    """

    def __init__(self, whole: str, service: str) -> None:
        self.watches = 0
        self.refused_at = 0.0
        self._whole, self._service = whole, service
        self._statuses = dict.fromkeys((whole, service), _REFUSES)
        self._ended = False
        self._changed = asyncio.Condition()

    async def serve(self) -> None:
        """Tell everybody that the server answers."""
        await self._set(whole=_SERVES, service=_SERVES)

    async def doubt(self) -> None:
        """Tell who asks for all that something is wrong, while this process answers."""
        await self._set(whole=_REFUSES, service=_SERVES)

    async def refuse(self) -> None:
        """Tell everybody that it does not any more."""
        if self._statuses[self._service] == _SERVES:
            self.refused_at = time.monotonic()
        await self._set(whole=_REFUSES, service=_REFUSES)

    async def end(self) -> None:
        """End the watches."""
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    @override
    async def Check(
        self, request: pb.HealthCheckRequest, context: Context
    ) -> pb.HealthCheckResponse:
        if request.service not in self._statuses:
            await context.abort(grpc.StatusCode.NOT_FOUND, "this server has no such service")
        return pb.HealthCheckResponse(status=self._now(request))

    @override
    async def List(self, request: pb.HealthListRequest, context: Context) -> pb.HealthListResponse:
        return pb.HealthListResponse(
            statuses={
                name: pb.HealthCheckResponse(status=status)
                for name, status in self._statuses.items()
            }
        )

    @override
    async def Watch(
        self, request: pb.HealthCheckRequest, context: Context
    ) -> AsyncIterator[pb.HealthCheckResponse]:
        told = None
        self.watches += 1
        try:
            while True:
                async with self._changed:
                    while (now := self._now(request)) == told and not self._ended:
                        await self._changed.wait()
                if now != told:
                    yield pb.HealthCheckResponse(status=now)
                    told = now
                if self._ended:
                    return
        finally:
            self.watches -= 1

    def _now(self, request: pb.HealthCheckRequest) -> int:
        return self._statuses.get(request.service, pb.HealthCheckResponse.SERVICE_UNKNOWN)

    async def _set(self, *, whole: int, service: int) -> None:
        async with self._changed:
            self._statuses |= {self._whole: whole, self._service: service}
            self._changed.notify_all()
