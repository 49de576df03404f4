"""`grpc.health.v1.Health`, whose watches can be ended.

The library's own servicer keeps a watch open until its client hangs up, and one
such watch makes the server wait for the whole of its grace when it stops.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any, TypeAlias

import grpc
from grpc_health.v1 import health_pb2 as pb
from grpc_health.v1 import health_pb2_grpc
from typing_extensions import override

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # untyped base
    """One status for all `names`: not serving at first, nor from `refuse` on.

    `watches` counts the open ones, `refused_at` is when `refuse` was called, by
    the monotonic clock.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.watches = 0
        self.refused_at = 0.0
        self._names = frozenset(names)
        self._status = pb.HealthCheckResponse.NOT_SERVING
        self._ended = False
        self._changed = asyncio.Condition()

    async def serve(self) -> None:
        """Tell everybody that the server answers."""
        await self._set(pb.HealthCheckResponse.SERVING)

    async def refuse(self) -> None:
        """Tell everybody that it does not any more."""
        if self._status == pb.HealthCheckResponse.SERVING:
            self.refused_at = time.monotonic()
        await self._set(pb.HealthCheckResponse.NOT_SERVING)

    async def end(self) -> None:
        """End the watches."""
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    @override
    async def Check(
        self, request: pb.HealthCheckRequest, context: Context
    ) -> pb.HealthCheckResponse:
        if request.service not in self._names:
            await context.abort(grpc.StatusCode.NOT_FOUND, "this server has no such service")
        return pb.HealthCheckResponse(status=self._status)

    @override
    async def List(self, request: pb.HealthListRequest, context: Context) -> pb.HealthListResponse:
        status = pb.HealthCheckResponse(status=self._status)
        return pb.HealthListResponse(statuses=dict.fromkeys(self._names, status))

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
        if request.service in self._names:
            return self._status
        return pb.HealthCheckResponse.SERVICE_UNKNOWN

    async def _set(self, status: int) -> None:
        async with self._changed:
            self._status = status
            self._changed.notify_all()
