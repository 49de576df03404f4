"""Deadlines, cancellation and load: what is refused is refused at once, and frees its place."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from digits.v1 import digits_pb2 as pb
from digits.v1 import digits_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.busy import BLANK, is_free, occupy
from tests.details import reason

Stub = digits_pb2_grpc.DigitServiceStub


@pytest.fixture
def slow(long_png: bytes) -> pb.PredictRequest:
    """A request that keeps a decoder at work."""
    return pb.PredictRequest(image=pb.Image(encoded=long_png))


@pytest.fixture
def one_place(launch_server, tiny_models: Path) -> Iterator[Any]:
    """A server that takes one call at a time."""
    server = launch_server(
        DIGITS_MODELS_DIR=tiny_models, DIGITS_MAX_IN_FLIGHT=1, DIGITS_DEADLINE_S=100
    )
    server.wait_for("serving")
    yield server
    assert server.stop() == 0


@pytest.fixture
def channel(one_place) -> Iterator[grpc.Channel]:
    """A channel to `one_place`."""
    with grpc.insecure_channel(one_place.address) as channel:
        yield channel


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for the condition."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def quickest(action: Callable[[], Any]) -> float:
    """The seconds of the quickest of three: the others were the machine's."""
    taken = []
    for _ in range(3):
        start = time.monotonic()
        action()
        taken.append(time.monotonic() - start)
    return min(taken)


def test_overload(channel: grpc.Channel, long_png: bytes) -> None:
    """Beyond the limit calls are shed at once, with a time to come back; health answers still."""
    stub = Stub(channel)
    health = health_pb2_grpc.HealthStub(channel)
    busy = occupy(stub, long_png)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Predict(BLANK)
    shed = quickest(lambda: is_free(stub))
    checked = quickest(lambda: health.Check(health_pb2.HealthCheckRequest()))
    status = health.Check(health_pb2.HealthCheckRequest()).status

    assert not busy.done()
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reason(caught.value) == "OVERLOADED"
    assert int(dict(caught.value.trailing_metadata())["grpc-retry-pushback-ms"]) > 0
    assert shed < 0.05
    assert status == health_pb2.HealthCheckResponse.SERVING
    assert checked < 0.1
    assert busy.result().prediction.reason == pb.REJECTION_REASON_BLANK
    assert is_free(stub)


def test_cancel(one_place, channel: grpc.Channel, long_png: bytes) -> None:
    """A cancelled call gives its place back within 100 ms, and the server goes on."""
    stub = Stub(channel)

    def cancel() -> None:
        call = occupy(stub, long_png)
        start = time.monotonic()
        call.cancel()
        wait_until(lambda: is_free(stub))
        taken.append(time.monotonic() - start)

    taken: list[float] = []
    for _ in range(3):
        cancel()
    codes = [event["code"] for event in one_place.events("call")]

    assert min(taken) < 0.1
    assert codes.count("CANCELLED") == 3
    assert codes[-1] == "OK"


@pytest.mark.parametrize("timeout", [pytest.param(0, id="0"), pytest.param(0.001, id="1-ms")])
def test_short_deadline(channel: grpc.Channel, slow: pb.PredictRequest, timeout: float) -> None:
    """A deadline that cannot be kept fails as one, and the next call is answered."""
    stub = Stub(channel)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Predict(slow, timeout=timeout)
    wait_until(lambda: is_free(stub))

    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    "timeout", [pytest.param(None, id="none"), pytest.param(3600, id="an-hour")]
)
def test_deadline_cap(
    launch_server, tiny_models: Path, slow: pb.PredictRequest, timeout: float | None
) -> None:
    """The server's own deadline holds for a caller without one or with a long one."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models, DIGITS_DEADLINE_S=0.05)
    server.wait_for("serving")
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        Stub(channel).Predict(slow, timeout=timeout)

    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert reason(caught.value) == "DEADLINE"
    assert server.stop() == 0


def test_thousand_streams(launch_server, tiny_models: Path, digit_png: bytes) -> None:
    """Of 1,000 calls at once each is answered or shed, and the server is well afterwards."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models, DIGITS_MAX_IN_FLIGHT=8)
    server.wait_for("serving")
    request = pb.PredictRequest(image=pb.Image(encoded=digit_png))
    with grpc.insecure_channel(server.address) as channel:
        stub = Stub(channel)
        calls = [stub.Predict.future(request) for _ in range(1000)]
        codes = [call.code() for call in calls]
        after = stub.Predict(request)

    assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert codes.count(grpc.StatusCode.OK) >= 8
    assert after.prediction.HasField("digit")
    assert server.stop() == 0
