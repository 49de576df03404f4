"""The client for programs that wait."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc
from google.protobuf.message import Message

from digits_client import calls
from digits_client.answers import Comparison, Model, Number, Prediction
from digits_client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT, Metadata, options
from digits_client.errors import ImageError, ServerUnavailable
from digits_client.images import Picture
from digits_client.pace import landed, room
from digits_client.pool import Lane, Pool
from digits_client.translation import failure, unavailable

if TYPE_CHECKING:
    from typing_extensions import Buffer

Answer = TypeVar("Answer")


class Client:
    """Asks a digits server.

        with Client("localhost:50051") as client:
            print(client.predict("digit.png").digit)

    A picture is a path, the bytes of an image file (PNG, JPEG, WebP, BMP, GIF,
    TIFF), or a uint8 array (H, W), (H, W, 3) or (H, W, 4): anything with the
    buffer protocol.

    The connection is made by the first call; calls that overlap make a few more,
    so that every process of the server gets its share. Calls fail after `timeout`
    seconds (each may bring its own), and are repeated a few times while the server
    is unavailable; with `wait_for_ready` they wait for it up to their timeout. One
    client serves any number of threads. `metadata` travels with a call, such as
    a request id. Every method raises the errors of `digits_client.errors`.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        wait_for_ready: bool = False,
    ) -> None:
        self.address = address
        self.timeout = timeout
        self._wait_for_ready = wait_for_ready
        self._pool = Pool(address, options(address, patient=wait_for_ready))

    def predict(
        self,
        image: Picture | None = None,
        model: str | None = None,
        *,
        pixels: "Buffer | None" = None,
        include_normalized: bool = False,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Prediction:
        """Return the digit in a picture.

        `pixels`, instead of `image`, are 784 bytes or a uint8 array (28, 28) as
        in MNIST, white ink on black, which are not normalised. `model` is a name
        from `list_models`, or the server's default.
        """
        call = calls.predict(image, pixels, model, include_normalized)
        return self._send(call, timeout, metadata)

    def predict_batch(
        self,
        images: Iterable[Picture],
        model: str | None = None,
        *,
        include_normalized: bool = False,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> list[Prediction | ImageError]:
        """Return an outcome for each picture, in order.

        A picture that cannot be read is an `ImageError` in its place; what ails
        the whole batch, such as an unknown model, is raised. `timeout` holds for
        each message of pictures.
        """
        return list(
            self.predict_stream(
                images,
                model,
                include_normalized=include_normalized,
                timeout=timeout,
                metadata=metadata,
            )
        )

    def predict_stream(
        self,
        images: Iterable[Picture],
        model: str | None = None,
        *,
        include_normalized: bool = False,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Iterator[Prediction | ImageError]:
        """Yield what `predict_batch` returns as it comes, reading a few messages ahead.

        Any number of pictures takes the memory of a few messages.
        """
        timeout = timeout or self.timeout
        batches = calls.batches(images, model, include_normalized)
        under_way: deque[tuple[calls.Batch, Sent | None]] = deque()
        event, more = threading.Event(), True
        try:
            while more or under_way:
                event.clear()
                if under_way and landed(under_way[0][1]):
                    yield from self._finish(*under_way.popleft(), timeout, metadata)
                elif more and room([sent for _, sent in under_way]):
                    if batch := next(batches, None):
                        under_way.append((batch, sent := self._start(batch, timeout, metadata)))
                        if sent:
                            sent.future.add_done_callback(lambda _: event.set())
                    else:
                        more = False
                else:
                    event.wait()
        finally:
            for _, sent in under_way:
                if sent:
                    sent.future.cancel()

    def compare_models(
        self,
        image: Picture,
        models: Iterable[str] = (),
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Comparison:
        """Return several models' answers for a picture; the MLP's and the CNN's unless named."""
        return self._send(calls.compare_models(image, models), timeout, metadata)

    def read_number(
        self,
        image: Picture,
        *,
        min_digits: int = 0,
        max_digits: int = 0,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Number:
        """Return the number in a picture, of one or more rows.

            number = client.read_number("meter.png", min_digits=5, max_digits=5)
            print(number.text, number.confidence, number.reason)

        Of all readings it is the likeliest that has at least `min_digits` and at
        most `max_digits` digits, each 1 to 1,000, or 0 for no bound. Where there is
        no ink for `min_digits`, it has fewer and the reason UNSURE. Raises
        `DigitsError` with the reason BAD_HINT and the bound's name as `field` when
        no number fits them, with UNIMPLEMENTED when the server has no reader model.
        """
        return self._send(calls.read_number(image, min_digits, max_digits), timeout, metadata)

    def list_models(
        self, *, timeout: float | None = None, metadata: Metadata | None = None
    ) -> list[Model]:
        """Return the published models in the order of their names."""
        return self._send(calls.list_models(), timeout, metadata)

    def health(self, *, timeout: float | None = None, metadata: Metadata | None = None) -> bool:
        """Return whether the server serves; false while it starts or stops."""
        try:
            return self._send(calls.health(), timeout, metadata)
        except ServerUnavailable as error:
            if error.reason == "NOT_READY":
                return False
            raise

    def close(self) -> None:
        """End the connections. Calls under way are cancelled."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(
        self, call: calls.Call[Answer], timeout: float | None, metadata: Metadata | None
    ) -> Answer:
        timeout = timeout or self.timeout
        try:
            response = self._ask(call.method, call.request, timeout, metadata)
        except grpc.RpcError as error:
            raise failure(error, self.address, timeout) from error
        return call.read(response)

    def _ask(self, method: str, request: Message, timeout: float, metadata: Metadata | None) -> Any:
        """Return the response, from elsewhere when a connection has lost the call."""
        end, again = time.monotonic() + timeout, True
        while True:
            lane = self._pool.take()
            try:
                return getattr(lane.stub, method)(
                    request,
                    timeout=end - time.monotonic(),
                    metadata=metadata,
                    wait_for_ready=self._wait_for_ready,
                )
            except grpc.RpcError as error:
                lost = unavailable(error) and self._pool.drop(lane)
                if not (lost and again):
                    raise
                again = False
            finally:
                self._pool.give(lane)

    def _start(
        self, batch: calls.Batch, timeout: float, metadata: Metadata | None
    ) -> "Sent | None":
        """Send what there is to send."""
        if not batch.request.images:
            return None
        lane, start = self._pool.take(), time.monotonic()
        try:
            future = lane.stub.PredictBatch.future(
                batch.request,
                timeout=timeout,
                metadata=metadata,
                wait_for_ready=self._wait_for_ready,
            )
        except BaseException:
            self._pool.give(lane)
            raise

        def end(call: Any) -> None:
            self._pool.give(lane)
            if call.code() is grpc.StatusCode.OK:
                batch.answered(time.monotonic() - start)

        future.add_done_callback(end)
        return Sent(future, lane)

    def _finish(
        self,
        batch: calls.Batch,
        sent: "Sent | None",
        timeout: float,
        metadata: Metadata | None,
        *,
        again: bool = True,
    ) -> list[Prediction | ImageError]:
        """Wait for the outcomes; send again what was lost, once, or what was too much at once."""
        try:
            return batch.merge(sent.future.result() if sent else None)
        except grpc.RpcError as error:
            lost = sent and unavailable(error) and self._pool.drop(sent.lane) and again
            parts = [batch] if lost else batch.halves(error)
            if not parts:
                raise failure(error, self.address, timeout) from error
        outcomes = []
        for part in parts:
            started = self._start(part, timeout, metadata)
            outcomes += self._finish(part, started, timeout, metadata, again=not lost)
        return outcomes


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that is under way: the call, and the lane that it took."""

    future: Any
    lane: Lane

    def done(self) -> bool:
        """Return whether the answer is there, or will not come."""
        return bool(self.future.done())
