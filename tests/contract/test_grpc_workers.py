"""Several processes on one port: they share the calls, and each can be lost."""

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from digits.v1 import digits_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.busy import BLANK, occupy
from tests.conftest import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shares a port")

NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVING = health_pb2.HealthCheckResponse.SERVING


@pytest.fixture
def server(launch_server, tiny_models: Path) -> Iterator[Any]:
    """Two workers on a port."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models, DIGITS_WORKERS=2)
    server.wait_for("serving")
    yield server
    assert server.stop() == 0, server.text


def own_address(server, worker: int) -> str:
    """The address of one worker alone."""
    return f"unix-abstract:digits-{server.address}-{worker}"


def ask(address: str) -> grpc.StatusCode:
    """Ask over a connection of its own; the call's status."""
    own = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(address, own) as channel:
        return digits_pb2_grpc.DigitServiceStub(channel).Predict.future(BLANK, timeout=5).code()


def health(address: str, service: str = "") -> int:
    """What the health service there says, or 0 when nobody answers."""
    with grpc.insecure_channel(address) as channel:
        try:
            check = health_pb2_grpc.HealthStub(channel).Check
            return check(health_pb2.HealthCheckRequest(service=service), timeout=5).status
        except grpc.RpcError:
            return 0


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for the condition."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether the process runs."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_share(launch_server, tiny_models: Path) -> None:
    """Connections spread over the workers, whose log lines and sums tell who did what."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models, DIGITS_WORKERS=2)
    server.wait_for("serving")
    codes = [ask(server.address) for _ in range(40)]
    status = server.stop()
    split = Counter(call["worker"] for call in server.events("call"))
    [stopped] = server.events("stopped")

    assert set(codes) == {grpc.StatusCode.OK}
    assert set(split) == {0, 1}
    assert stopped["answered"] == 40
    assert [worker["answered"] for worker in stopped["workers"]] == [split[0], split[1]]
    assert status == 0


def test_own_addresses(server) -> None:
    """Each worker is reached by itself, too, from the same machine."""
    codes = [ask(own_address(server, worker)) for worker in (0, 1, 1)]
    calls = [call["worker"] for call in server.events("call")]

    assert set(codes) == {grpc.StatusCode.OK}
    assert calls == [0, 1, 1]


def test_worker_is_killed(server) -> None:
    """The place of a worker that died is filled again, and health stays well meanwhile."""
    first, second = server.workers
    os.kill(first, signal.SIGKILL)
    ended = server.wait_for("worker_ended")
    during = health(own_address(server, 1))
    wait_until(lambda: ask(own_address(server, 0)) is grpc.StatusCode.OK)
    later = server.workers

    assert ended["worker"] == 0
    assert ended["exit_code"] == -signal.SIGKILL
    assert during == SERVING
    assert second in later
    assert first not in later
    assert len(later) == 2
    assert ask(server.address) is grpc.StatusCode.OK


def test_pauses_grow(server) -> None:
    """A worker that dies again and again is given more time each time."""
    for deaths in range(1, 4):
        wait_until(lambda: health(own_address(server, 0)) == SERVING)
        os.kill(server.workers[-1] if deaths > 1 else server.workers[0], signal.SIGKILL)
        wait_until(lambda deaths=deaths: len(server.events("worker_ended")) == deaths)
    pauses = [event["again_in_s"] for event in server.events("worker_ended")]

    assert pauses == [0.1, 0.2, 0.4]


def test_worker_hangs(server) -> None:
    """While a worker hangs health says so, but not to those who watch the others.

    It is killed at last, and all is well again.
    """
    hung = server.workers[0]
    os.kill(hung, signal.SIGSTOP)
    server.wait_for("worker_hangs")
    wait_until(lambda: health(own_address(server, 1)) == NOT_SERVING)
    own = health(own_address(server, 1), "digits.v1.DigitService")
    answered = ask(own_address(server, 1))
    ended = server.wait_for("worker_ended")
    wait_until(lambda: health(own_address(server, 1)) == SERVING)
    wait_until(lambda: health(own_address(server, 0)) == SERVING)

    assert own == SERVING
    assert answered is grpc.StatusCode.OK
    assert ended["worker"] == 0
    assert not alive(hung)


def test_other_models(launch_server, publish: Callable[..., Path], tmp_path: Path) -> None:
    """A replacement that found other models than its siblings have is an event in the log."""
    publish(tmp_path, "cnn")
    (tmp_path / "default").write_text("cnn")
    server = launch_server(DIGITS_MODELS_DIR=tmp_path, DIGITS_WORKERS=2)
    server.wait_for("serving")
    publish(tmp_path, "cnn", version=2, seed=1)
    os.kill(server.workers[0], signal.SIGKILL)
    other = server.wait_for("other_models")

    assert other["worker"] == 0
    assert server.stop() == 0


def test_supervisor_is_killed(launch_server, tiny_models: Path) -> None:
    """Without their supervisor the workers finish and end: nobody holds the port for ever."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models, DIGITS_WORKERS=2)
    server.wait_for("serving")
    workers = server.workers
    server.stop(signal.SIGKILL)
    wait_until(lambda: not any(alive(worker) for worker in workers))

    assert len(server.events("draining")) == 2


def test_signal_to_the_group(launch_server, tiny_models: Path) -> None:
    """A signal that reaches the workers as well, as Ctrl-C does, is the supervisor's to heed."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models, DIGITS_WORKERS=2)
    server.wait_for("serving")
    for pid in server.workers:
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
    still = ask(server.address)
    status = server.stop(signal.SIGINT)

    assert still is grpc.StatusCode.OK
    assert not server.events("worker_ended")
    assert status == 0


def test_stop_one_by_one(launch_server, tiny_models: Path, long_png: bytes) -> None:
    """At the end health fails at once, calls at work are answered, the workers go in turn."""
    server = launch_server(
        DIGITS_MODELS_DIR=tiny_models,
        DIGITS_WORKERS=2,
        DIGITS_MAX_IN_FLIGHT=1,
        DIGITS_DEADLINE_S=100,
        DIGITS_DRAIN_GRACE_S=100,
    )
    server.wait_for("serving")
    with ExitStack() as open_channels:
        channels = [
            open_channels.enter_context(grpc.insecure_channel(own_address(server, worker)))
            for worker in (0, 1)
        ]
        watches = [
            health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            for channel in channels
        ]
        first = [next(watch).status for watch in watches]
        calls = [occupy(digits_pb2_grpc.DigitServiceStub(each), long_png) for each in channels]
        server.process.send_signal(signal.SIGTERM)
        told = [next(watch).status for watch in watches]
        codes = [call.code() for call in calls]
        status = server.end()
    order = [event["worker"] for event in server.events("draining")]

    assert first == [SERVING] * 2
    assert told == [NOT_SERVING] * 2
    assert codes == [grpc.StatusCode.OK] * 2
    assert order == [0, 1]
    assert status == 0


def test_second_signal(launch_server, tiny_models: Path, long_png: bytes) -> None:
    """A second signal ends all of them at once."""
    server = launch_server(
        DIGITS_MODELS_DIR=tiny_models,
        DIGITS_WORKERS=2,
        DIGITS_MAX_IN_FLIGHT=1,
        DIGITS_DEADLINE_S=100,
        DIGITS_DRAIN_GRACE_S=100,
    )
    server.wait_for("serving")
    workers = server.workers
    with grpc.insecure_channel(own_address(server, 0)) as channel:
        call = occupy(digits_pb2_grpc.DigitServiceStub(channel), long_png)
        server.process.send_signal(signal.SIGTERM)
        server.wait_for("stopping")
        status = server.stop()
        code = call.code()

    assert status == -signal.SIGTERM
    assert code is not grpc.StatusCode.OK
    wait_until(lambda: not any(alive(worker) for worker in workers))


def test_bad_bundle(launch_server, publish: Callable[..., Path], tmp_path: Path) -> None:
    """When no worker can begin, the server ends and names the cause."""
    folder = publish(tmp_path, "cnn")
    (tmp_path / "default").write_text("cnn")
    (folder / "model.onnx").write_bytes(b"no model")
    server = launch_server(DIGITS_MODELS_DIR=tmp_path, DIGITS_WORKERS=2)
    status = server.end()

    assert status == 1
    assert f"digits-server: {tmp_path}: no model can be served" in server.text
    assert "Traceback" not in server.text


@pytest.mark.parametrize("workers", [(1, 2), (2, 1), (2, 2)])
def test_two_servers_on_a_port(launch_server, tiny_models: Path, workers: tuple[int, int]) -> None:
    """No server shares its port with another one, of however many processes."""
    first = launch_server(DIGITS_MODELS_DIR=tiny_models, DIGITS_WORKERS=workers[0])
    port = first.address.rpartition(":")[2]
    second = launch_server(
        DIGITS_MODELS_DIR=tiny_models, DIGITS_GRPC_PORT=port, DIGITS_WORKERS=workers[1]
    )
    status = second.end()

    assert status == 1
    assert f"127.0.0.1:{port}" in second.text.splitlines()[-1]
    assert first.stop() == 0
