"""A server that does what a test tells it: it fails once, is slow, drops an item."""

# ruff: noqa: N802 - the contract names the methods

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import grpc
import pytest
from digits.v1 import digits_pb2 as pb
from digits.v1.digits_pb2_grpc import DigitServiceServicer, add_DigitServiceServicer_to_server
from digits_client import AsyncClient, Client
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthServicer, add_HealthServicer_to_server
from grpc_status import rpc_status


def answer(image: pb.Image, model: str, normalized: bool) -> pb.Prediction:
    """The first byte of the picture, modulo ten, so that an order can be told."""
    content = image.encoded or image.pixels or image.raw.data
    digit = content[0] % 10
    return pb.Prediction(
        digit=digit,
        confidence=0.9,
        probabilities=[float(digit == other) for other in range(10)],
        digit_score=0.9,
        accepted=digit != 1,
        reason=pb.REJECTION_REASON_UNSURE if digit == 1 else pb.REJECTION_REASON_UNSPECIFIED,
        model=model or "cnn",
        model_version="3",
        normalized=bytes(784) if normalized else b"",
        digit_count=1,
    )


class FakeServer(DigitServiceServicer, HealthServicer):
    """Answers by the pictures' first bytes, and misbehaves as its attributes say.

    `failures` holds what the next calls fail with; pictures that begin with
    b"bad" fail alone; `delay` seconds pass before each answer; `dropped` items
    are missing from each batch; more than `quick` pictures take too long; it is
    healthy while `serving`, and answers in any case;
    `requests` and `metadata` are what came for the digit service, `peers` over
    which connections.
    """

    def __init__(self) -> None:
        self.failures: deque[Status | grpc.StatusCode] = deque()
        self.delay = 0.0
        self.dropped = 0
        self.quick = 1024
        self.serving = True
        self.requests: list = []
        self.metadata: list[dict[str, str]] = []
        self.peers: list[str] = []
        self.under_way = 0
        self.most_under_way = 0
        self._lock = threading.Lock()

    def fail(self, code: grpc.StatusCode, reason: str, message: str, field: str = "") -> None:
        """Let the next call fail as the real server's calls do."""
        self.failures.append(self._status(code, reason, message, field))

    @staticmethod
    def _status(code: grpc.StatusCode, reason: str, message: str, field: str = "") -> Status:
        status = Status(code=code.value[0], message=message)
        details = [ErrorInfo(reason=reason, domain="digits")]
        if field:
            violation = BadRequest.FieldViolation(field=field, description=message)
            details.append(BadRequest(field_violations=[violation]))
        for detail in details:
            packed = Any()
            packed.Pack(detail)
            status.details.append(packed)
        return status

    def Predict(self, request, context):
        self._begin(request, context)
        prediction = answer(request.image, request.model, request.include_normalized)
        return pb.PredictResponse(prediction=prediction)

    def PredictBatch(self, request, context):
        with self._lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            self._begin(request, context)
        finally:
            with self._lock:
                self.under_way -= 1
        if len(request.images) > self.quick:
            late = self._status(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE", "send less")
            context.abort_with_status(rpc_status.to_status(late))
        results = [
            pb.PredictResult(error=self._item_error(index))
            if image.encoded.startswith(b"bad")
            else pb.PredictResult(prediction=answer(image, request.model, False))
            for index, image in enumerate(request.images)
        ]
        return pb.PredictBatchResponse(results=results[self.dropped :])

    def CompareModels(self, request, context):
        self._begin(request, context)
        results = [
            pb.ModelResult(
                model=name,
                error=pb.ItemError(
                    reason="MODEL_NOT_FOUND", message=f"no {name}", field=f"models[{index}]"
                ),
            )
            if name == "nine"
            else pb.ModelResult(model=name, prediction=answer(request.image, name, True))
            for index, name in enumerate(request.models or ["mlp", "cnn"])
        ]
        agree = all(result.WhichOneof("outcome") == "prediction" for result in results)
        return pb.CompareModelsResponse(results=results, agree=agree)

    def ReadNumber(self, request, context):
        with self._lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            self._begin(request, context)
        finally:
            with self._lock:
                self.under_way -= 1
        if request.image.encoded.startswith(b"bad"):
            cut = self._status(
                grpc.StatusCode.INVALID_ARGUMENT, "CORRUPT_IMAGE", "cut short", "image.encoded"
            )
            context.abort_with_status(rpc_status.to_status(cut))
        read = (request.image.encoded or b"8")[0] % 10
        digit = pb.NumberDigit(
            digit=read,
            confidence=0.8,
            box=pb.Box(x=1, y=2, width=3, height=4),
            alternatives=[pb.Alternative(digit=9, confidence=0.1)],
            accepted=True,
            row=0,
        )
        number = pb.Number(text=str(read), confidence=0.8, digits=[digit])
        return pb.ReadNumberResponse(number=number)

    def ListModels(self, request, context):
        self._begin(request, context)
        models = [
            pb.Model(name="cnn", version="3", ready=True, parameters=5, metrics={"acc": 0.5}),
            pb.Model(name="mlp", version="1", error="the file is altered"),
        ]
        return pb.ListModelsResponse(models=models, default_model="cnn")

    def Check(self, _request, _context):
        return self._health()

    def Watch(self, _request, context):
        told = None
        while context.is_active():
            if self.serving != told:
                told = self.serving
                yield self._health()
            time.sleep(0.01)

    def _health(self) -> health_pb2.HealthCheckResponse:
        status = health_pb2.HealthCheckResponse
        return status(status=status.SERVING if self.serving else status.NOT_SERVING)

    def _begin(self, request, context) -> None:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        self.peers.append(context.peer())
        time.sleep(self.delay)
        if self.failures:
            failure = self.failures.popleft()
            if isinstance(failure, Status):
                context.abort_with_status(rpc_status.to_status(failure))
            context.abort(failure, "raw")

    @staticmethod
    def _item_error(index: int) -> pb.ItemError:
        return pb.ItemError(
            reason="CORRUPT_IMAGE", message="cut short", field=f"images[{index}].encoded"
        )


@contextmanager
def serving(fake: FakeServer, at: str = "127.0.0.1:0") -> Iterator[str]:
    """Run a real gRPC server with the fake behind it; yield its address."""
    server = grpc.server(
        ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", 32 * 2**20)]
    )
    add_DigitServiceServicer_to_server(fake, server)
    add_HealthServicer_to_server(fake, server)
    port = server.add_insecure_port(at)
    server.start()
    yield f"127.0.0.1:{port}" if at.endswith(":0") else at
    server.stop(None).wait()


@pytest.fixture
def fake() -> FakeServer:
    """The fake's behaviour, behind `address`."""
    return FakeServer()


@pytest.fixture
def address(fake: FakeServer) -> Iterator[str]:
    """Where the fake is served."""
    with serving(fake) as address:
        yield address


@pytest.fixture
def second() -> FakeServer:
    """Another fake, behind `both_addresses` with the first."""
    return FakeServer()


@pytest.fixture
def both_addresses(address: str, second: FakeServer) -> Iterator[str]:
    """One address for two servers, as a name with two entries in DNS is."""
    with serving(second) as other:
        yield f"ipv4:{address},{other}"


class Blocking:
    """An AsyncClient whose methods wait, so that one test serves both clients."""

    def __init__(self, address: str, **settings) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(address, **settings)

    def __getattr__(self, name: str):
        method = getattr(self._client, name)
        return lambda *args, **kwargs: self._runner.run(method(*args, **kwargs))

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


@pytest.fixture(params=[Client, Blocking], ids=["sync", "async"])
def connect(request):
    """Either client's class."""
    return request.param


@pytest.fixture
def workers() -> list[FakeServer]:
    """The processes of a server, each of which has an address of its own."""
    return [FakeServer(), FakeServer()]


@pytest.fixture
def serve() -> Callable[[FakeServer, str], AbstractContextManager[str]]:
    """What serves a fake at an address in a `with` block."""
    return serving
