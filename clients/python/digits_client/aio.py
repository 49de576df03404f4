"""The client for programs on an event loop."""

# ruff: noqa: ASYNC109 - the timeout is the call's deadline, which travels to the server

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc
from digits.v1 import digits_pb2 as pb
from google.protobuf.message import Message

from digits_client import calls
from digits_client.answers import Comparison, Model, Number, Prediction
from digits_client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT, Metadata, options
from digits_client.errors import ImageError, ServerUnavailable
from digits_client.images import Picture
from digits_client.pace import landed, room
from digits_client.pool import AsyncPool, Lane
from digits_client.translation import failure, unavailable

if TYPE_CHECKING:
    from typing_extensions import Buffer

Answer = TypeVar("Answer")


class AsyncClient:
    """Asks a digits server without blocking the event loop.

        async with AsyncClient("localhost:50051") as client:
            print((await client.predict("digit.png")).digit)

    Everything is as in `Client`. The connections are made by calls, inside the
    loop that runs during the first, and belong to that loop. A cancelled task
    cancels its call. `workers` are addresses at which the server's processes can
    be reached one by one; they need not exist. Those that do share the calls, and
    `address` is asked while there is none.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        wait_for_ready: bool = False,
        workers: Sequence[str] = (),
    ) -> None:
        self.address = address
        self.timeout = timeout
        self._wait_for_ready = wait_for_ready
        self._options = options(address, patient=wait_for_ready)
        self._workers = workers
        self._connections: AsyncPool | None = None

    async def predict(
        self,
        image: Picture | None = None,
        model: str | None = None,
        *,
        pixels: "Buffer | None" = None,
        include_normalized: bool = False,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Prediction:
        """Return the digit in a picture, as `Client.predict` does."""
        call = await _made(image, calls.predict, image, pixels, model, include_normalized)
        return await self._send(call, timeout, metadata)

    async def predict_batch(
        self,
        images: Iterable[Picture],
        model: str | None = None,
        *,
        include_normalized: bool = False,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> list[Prediction | ImageError]:
        """Return an outcome for each picture, in order, as `Client.predict_batch` does."""
        outcomes = self.predict_stream(
            images,
            model,
            include_normalized=include_normalized,
            timeout=timeout,
            metadata=metadata,
        )
        return [outcome async for outcome in outcomes]

    async def predict_stream(
        self,
        images: Iterable[Picture],
        model: str | None = None,
        *,
        include_normalized: bool = False,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> AsyncIterator[Prediction | ImageError]:
        """Yield what `predict_batch` returns as it comes, reading a few messages ahead.

        `images` is consumed in a worker thread.
        """
        timeout = timeout or self.timeout
        batches = calls.batches(images, model, include_normalized)
        under_way: deque[tuple[calls.Batch, asyncio.Task[Any] | None]] = deque()
        more = True
        try:
            while more or under_way:
                tasks = [task for _, task in under_way]
                if tasks and landed(tasks[0]):
                    for outcome in await self._finish(*under_way.popleft(), timeout, metadata):
                        yield outcome
                elif more and room(tasks):
                    if batch := await asyncio.to_thread(next, batches, None):
                        under_way.append((batch, self._start(batch, timeout, metadata)))
                    else:
                        more = False
                else:
                    waiting = [task for task in tasks if task and not task.done()]
                    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for _, task in under_way:
                if task is not None:
                    task.cancel()

    async def compare_models(
        self,
        image: Picture,
        models: Iterable[str] = (),
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Comparison:
        """Return several models' answers for a picture; the MLP's and the CNN's unless named."""
        call = await _made(image, calls.compare_models, image, models)
        return await self._send(call, timeout, metadata)

    async def read_number(
        self,
        image: Picture,
        *,
        min_digits: int = 0,
        max_digits: int = 0,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Number:
        """Return a number of several digits, as `Client.read_number` does."""
        call = await _made(image, calls.read_number, image, min_digits, max_digits)
        return await self._send(call, timeout, metadata)

    async def list_models(
        self, *, timeout: float | None = None, metadata: Metadata | None = None
    ) -> list[Model]:
        """Return the published models in the order of their names."""
        return await self._send(calls.list_models(), timeout, metadata)

    async def health(
        self, *, timeout: float | None = None, metadata: Metadata | None = None
    ) -> bool:
        """Return whether the server serves; false while it starts or stops."""
        try:
            return await self._send(calls.health(), timeout, metadata)
        except ServerUnavailable as error:
            if error.reason == "NOT_READY":
                return False
            raise

    async def close(self) -> None:
        """End the connections. Calls under way are cancelled."""
        if self._connections is not None:
            pool, self._connections = self._connections, None
            await pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def _pool(self) -> AsyncPool:
        if self._connections is None:
            self._connections = AsyncPool(self.address, self._options, self._workers)
        return self._connections

    async def _send(
        self, call: calls.Call[Answer], timeout: float | None, metadata: Metadata | None
    ) -> Answer:
        timeout = timeout or self.timeout
        try:
            response = await self._ask(call.method, call.request, timeout, metadata)
        except grpc.RpcError as error:
            raise failure(error, self.address, timeout) from error
        return call.read(response)

    async def _ask(
        self, method: str, request: Message, timeout: float, metadata: Metadata | None
    ) -> Any:
        """Return the response, from elsewhere when a connection has lost the call."""
        pool, end = self._pool, time.monotonic() + timeout

        async def on(lane: Lane) -> Any:
            try:
                return await getattr(lane.stub, method)(
                    request,
                    timeout=end - time.monotonic(),
                    metadata=metadata,
                    wait_for_ready=self._wait_for_ready,
                )
            finally:
                pool.give(lane)

        lane = pool.take()
        try:
            return await on(lane)
        except grpc.RpcError as error:
            other = pool.instead(lane) if unavailable(error) else None
            if other is None:
                raise
        return await on(other)

    def _start(
        self, batch: calls.Batch, timeout: float, metadata: Metadata | None
    ) -> "asyncio.Task[Any] | None":
        """Send what there is to send; return the task that waits for the response."""
        if not batch.request.images:
            return None
        task = asyncio.create_task(self._ask_batch(batch, timeout, metadata))
        # Nobody asks for the failure of a message when an earlier one's has ended the batch.
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return task

    async def _ask_batch(
        self, batch: calls.Batch, timeout: float, metadata: Metadata | None
    ) -> pb.PredictBatchResponse:
        start = time.monotonic()
        response = await self._ask("PredictBatch", batch.request, timeout, metadata)
        batch.answered(time.monotonic() - start)
        return response

    async def _finish(
        self, batch: calls.Batch, future: Any, timeout: float, metadata: Metadata | None
    ) -> list[Prediction | ImageError]:
        """Wait for the outcomes, in smaller messages where the server runs out of time."""
        try:
            return batch.merge(future and await future)
        except grpc.RpcError as error:
            halves = batch.halves(error)
            if not halves:
                raise failure(error, self.address, timeout) from error
        outcomes = []
        for half in halves:
            started = self._start(half, timeout, metadata)
            outcomes += await self._finish(half, started, timeout, metadata)
        return outcomes


async def _made(image: object, make: Callable[..., Any], *arguments: object) -> Any:
    """Return the call, made in a worker thread when a file has to be read for it."""
    if isinstance(image, str | os.PathLike):
        return await asyncio.to_thread(make, *arguments)
    return make(*arguments)
