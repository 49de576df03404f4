"""Start and end of the process: what it refuses to start with, and how it leaves."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from digits.v1 import digits_pb2 as pb
from digits.v1 import digits_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.busy import BLANK, occupy
from tests.details import reason

Stub = digits_pb2_grpc.DigitServiceStub
SERVING = health_pb2.HealthCheckResponse.SERVING
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def health_of(channel: grpc.Channel, service: str = "") -> int:
    """What the health service says."""
    request = health_pb2.HealthCheckRequest(service=service)
    return health_pb2_grpc.HealthStub(channel).Check(request).status


def seconds_of(action: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.monotonic()
    action()
    return time.monotonic() - start


class Busy:
    """A server with a call at work, about to get a signal."""

    def __init__(self, server, picture: bytes) -> None:
        self.server = server
        self.channel = grpc.insecure_channel(server.address)
        self.stub = Stub(self.channel)
        self.call = occupy(self.stub, picture)

    def watch(self):
        """Watch its health, which is good so far."""
        watch = health_pb2_grpc.HealthStub(self.channel).Watch(
            health_pb2.HealthCheckRequest(service="digits.v1.DigitService")
        )
        assert next(watch).status == SERVING
        return watch


@pytest.fixture
def busy(launch_server, tiny_models: Path, long_png: bytes) -> Iterator[Busy]:
    """A server whose one place is taken."""
    server = launch_server(
        DIGITS_MODELS_DIR=tiny_models,
        DIGITS_MAX_IN_FLIGHT=1,
        DIGITS_DEADLINE_S=100,
        DIGITS_DRAIN_GRACE_S=100,
    )
    server.wait_for("serving")
    busy = Busy(server, long_png)
    yield busy
    busy.channel.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_drain(busy: Busy, number: signal.Signals) -> None:
    """NOT_SERVING at once, the watch ends, the call at work is answered, exit 0 soon after."""
    told: list[int] = []
    watch = busy.watch()
    turn = max(seconds_of(lambda: health_of(busy.channel)) for _ in range(5))
    busy.server.process.send_signal(number)
    after = seconds_of(lambda: told.append(next(watch).status))
    rest = list(watch)
    answer = busy.call.result()
    status = busy.server.end()

    assert told == [NOT_SERVING]
    assert after < 0.1 + 2 * turn
    assert rest == []
    assert answer.prediction.reason == pb.REJECTION_REASON_BLANK
    assert status == 0
    assert "Traceback" not in busy.server.text


def test_second_signal(busy: Busy) -> None:
    """A second signal ends the process at once, with calls at work."""
    busy.server.process.send_signal(signal.SIGTERM)
    busy.server.wait_for("draining")
    status = busy.server.stop()

    assert status == -signal.SIGTERM
    assert busy.call.code() is not grpc.StatusCode.OK


def test_calls_after_the_signal(busy: Busy) -> None:
    """While watches are told, calls are still taken; a full server sheds them as ever."""
    watch = busy.watch()
    busy.server.process.send_signal(signal.SIGTERM)
    assert next(watch).status == NOT_SERVING
    during = busy.stub.Predict.future(BLANK).code()

    assert during is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert busy.call.code() is grpc.StatusCode.OK


def test_grace_is_over(launch_server, tiny_models: Path, long_png: bytes) -> None:
    """A call that outlasts the grace is given up, and the exit is 0 all the same."""
    server = launch_server(
        DIGITS_MODELS_DIR=tiny_models, DIGITS_MAX_IN_FLIGHT=1, DIGITS_DRAIN_GRACE_S=0
    )
    server.wait_for("serving")
    busy = Busy(server, long_png)
    status = server.stop()
    code = busy.call.code()
    busy.channel.close()

    assert code is not grpc.StatusCode.OK
    assert status == 0


HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""How an HTTP/2 client begins: the preface and its settings."""

HALF_A_HEADER = bytes([0, 0, 255, 1, 0, 0, 0, 0, 1]) + b"abc"
"""How a request begins that never gets further."""


def connect(server, *, say: bytes) -> socket.socket:
    """A connection that says something, and then nothing, whatever it is asked."""
    host, _, port = server.address.rpartition(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(say)
    return connection


def test_dead_peer_does_not_hold_the_drain(launch_server, tiny_models: Path) -> None:
    """A connection whose peer is gone costs the flush, not the grace."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models, DIGITS_DRAIN_GRACE_S=600)
    server.wait_for("serving")
    with connect(server, say=HTTP2 + HALF_A_HEADER) as dead:
        assert dead.recv(9)
        start = time.monotonic()
        status = server.stop()
        taken = time.monotonic() - start

    assert status == 0
    assert taken < 4  # gRPC itself would wait 5 s for the peer to say goodbye


def test_silent_connections(launch_server, tiny_models: Path) -> None:
    """Whoever stops half-way is hung up on within 15 s, and costs the others nothing."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models)
    server.wait_for("serving")
    start = time.monotonic()
    connections = [
        connect(server, say=say)
        for say in (b"", HTTP2[:10], HTTP2[:24], HTTP2, HTTP2 + HALF_A_HEADER)
        for _ in range(10)
    ]
    with grpc.insecure_channel(server.address) as channel:
        answer = Stub(channel).Predict(BLANK, timeout=2)
    for connection in connections:
        connection.settimeout(20)
        while connection.recv(4096):
            pass
        connection.close()

    assert answer.prediction.model == "cnn"
    assert time.monotonic() - start < 15
    assert server.stop() == 0


@pytest.fixture
def slow_models(publish: Callable[..., Path], tmp_path: Path) -> Path:
    """A folder with a model that takes a second or two to warm up."""
    publish(tmp_path, "cnn", products=25)
    (tmp_path / "default").write_text("cnn")
    return tmp_path


def test_loading(launch_server, slow_models: Path) -> None:
    """Until the canaries are through, health is NOT_SERVING and calls get NOT_READY."""
    server = launch_server(DIGITS_MODELS_DIR=slow_models)
    with grpc.insecure_channel(server.address) as channel:
        early = [health_of(channel, name) for name in ("", "digits.v1.DigitService")]
        with pytest.raises(grpc.RpcError) as caught:
            Stub(channel).Predict(BLANK)
        was_loading = not server.events("serving")
        server.wait_for("serving")
        late = [health_of(channel, name) for name in ("", "digits.v1.DigitService")]

    assert was_loading
    assert early == [NOT_SERVING] * 2
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert reason(caught.value) == "NOT_READY"
    assert late == [SERVING] * 2
    assert server.stop() == 0


def catches_signals(server) -> bool:
    """Whether Linux says that the process has a handler for SIGTERM."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    [mask] = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")]
    return bool(int(mask, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("stage", ["imports", "models"])
def test_signal_while_starting(
    launch_server, slow_models: Path, stage: str, number: signal.Signals
) -> None:
    """A signal during the imports, or while the models load, ends the process cleanly."""
    server = launch_server(DIGITS_MODELS_DIR=slow_models)
    if stage == "models":
        server.wait_for("listening")
    else:
        while not catches_signals(server):
            time.sleep(0.001)
    status = server.stop(number)

    assert status == 0
    assert bool(server.events("listening")) is (stage == "models")
    assert not server.events("serving")
    assert "Traceback" not in server.text


def test_log_on_a_full_disk(tiny_models: Path) -> None:
    """Where the log cannot be written, calls are answered all the same."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    port = address.rpartition(":")[2]
    settings = {"DIGITS_MODELS_DIR": str(tiny_models), "DIGITS_GRPC_PORT": port}
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen(
            [sys.executable, "-m", "digits_server"], env=os.environ | settings, stderr=full
        )
    with grpc.insecure_channel(address, [("grpc.max_reconnect_backoff_ms", 200)]) as channel:
        stub = Stub(channel)
        while (code := stub.Predict.future(BLANK, wait_for_ready=True).code()) is UNAVAILABLE:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)

    assert code is grpc.StatusCode.OK
    assert status == 0


def test_port_in_use(launch_server, tiny_models: Path) -> None:
    """A second server on the port does not start, and names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = launch_server(DIGITS_MODELS_DIR=tiny_models, DIGITS_GRPC_PORT=port)
        status = server.end()

    assert status == 1
    assert f"127.0.0.1:{port}" in server.text.splitlines()[-1]


def test_two_servers_on_a_port(launch_server, tiny_models: Path) -> None:
    """Nor does it share the port with a server of the same kind."""
    first = launch_server(DIGITS_MODELS_DIR=tiny_models)
    port = first.address.rpartition(":")[2]
    second = launch_server(DIGITS_MODELS_DIR=tiny_models, DIGITS_GRPC_PORT=port)
    status = second.end()

    assert status == 1
    assert port in second.text
    assert first.stop() == 0


def flip(path: Path) -> None:
    """Flip one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_bad_bundle(launch_server, publish: Callable[..., Path], tmp_path: Path) -> None:
    """With a bad bundle alone, the process ends and names the path and the cause."""
    folder = publish(tmp_path, "cnn")
    (tmp_path / "default").write_text("cnn")
    flip(folder / "model.onnx")
    server = launch_server(DIGITS_MODELS_DIR=tmp_path)
    status = server.end()
    [refused] = server.events("model_refused")
    last = server.text.splitlines()[-1]

    assert status == 1
    assert refused["path"] == str(folder)
    assert "SHA-256" in refused["cause"]
    assert last.startswith(f"digits-server: {tmp_path}: no model can be served")
    assert "cnn/1/model.onnx" in last
    assert "SHA-256" in last
    assert not server.events("serving")


def test_no_models(launch_server, tmp_path: Path) -> None:
    """Without models the process ends and says where it looked."""
    server = launch_server(DIGITS_MODELS_DIR=tmp_path)
    status = server.end()

    assert status == 1
    assert f"{tmp_path}: no model is published" in server.text.splitlines()[-1]


@pytest.mark.parametrize("broken", ["mlp", "cnn"])
def test_one_of_two_models_fails(
    launch_server,
    publish: Callable[..., Path],
    tmp_path: Path,
    digit_png: bytes,
    broken: str,
) -> None:
    """The good one answers, the other says NOT_READY, a comparison and the list tell which."""
    for seed, name in enumerate(("mlp", "cnn")):
        publish(tmp_path, name, seed=seed)
    (tmp_path / "default").write_text("cnn")
    flip(tmp_path / broken / "1" / "model.onnx")
    good = {"mlp": "cnn", "cnn": "mlp"}[broken]
    image = pb.Image(encoded=digit_png)
    server = launch_server(DIGITS_MODELS_DIR=tmp_path)
    server.wait_for("serving")
    with grpc.insecure_channel(server.address) as channel:
        stub = Stub(channel)
        answer = stub.Predict(pb.PredictRequest(image=image, model=good)).prediction
        with pytest.raises(grpc.RpcError) as caught:
            stub.Predict(pb.PredictRequest(image=image, model=broken))
        comparison = stub.CompareModels(pb.CompareModelsRequest(image=image))
        listed = {model.name: model for model in stub.ListModels(pb.ListModelsRequest()).models}
    compared = {result.model: result for result in comparison.results}

    assert answer.model == good
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert reason(caught.value) == "NOT_READY"
    assert compared[good].HasField("prediction")
    assert compared[broken].error.reason == "NOT_READY"
    assert not comparison.agree
    assert listed[good].ready
    assert not listed[broken].ready
    assert "SHA-256" in listed[broken].error
    assert str(tmp_path) not in listed[broken].error
    assert server.stop() == 0


def test_two_replicas(launch_server, tiny_models: Path) -> None:
    """When one of two replicas leaves under load, a client that heeds health loses no call."""
    servers = [launch_server(DIGITS_MODELS_DIR=tiny_models) for _ in range(2)]
    for server in servers:
        server.wait_for("serving")
    config = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": "digits.v1.DigitService"},
    }
    addresses = ",".join(server.address for server in servers)
    codes: list[grpc.StatusCode] = []
    done = threading.Event()
    with grpc.insecure_channel(
        f"ipv4:{addresses}", [("grpc.service_config", json.dumps(config))]
    ) as channel:
        stub = Stub(channel)

        def ask() -> None:
            while not done.is_set():
                codes.append(stub.Predict.future(BLANK).code())

        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        for server in servers:
            server.wait_for("call")
        time.sleep(0.5)
        status = servers[0].stop()
        time.sleep(0.2)
        done.set()
        for asker in askers:
            asker.join()
    shares = [len(server.events("call")) for server in servers]

    assert status == 0
    assert min(shares) > 0
    assert set(codes) == {grpc.StatusCode.OK}
    assert servers[1].stop() == 0


def test_bad_setting(launch_server) -> None:
    """A setting out of range ends the start with exit 2 and its name."""
    server = launch_server(DIGITS_GRPC_PORT=70000)
    status = server.end()

    assert status == 2
    assert "DIGITS_GRPC_PORT='70000'" in server.text.splitlines()[-1]
    assert "Traceback" not in server.text


def test_unknown_setting(launch_server, tiny_models: Path) -> None:
    """A variable that nobody knows is one warning with the nearest name; others' are none."""
    server = launch_server(
        DIGITS_MODELS_DIR=tiny_models, DIGITS_GRPC_PROT=1, DIGITS_HTTP_PORT=1, DIGITS_DATA_DIR="x"
    )
    server.wait_for("serving")
    warnings = [(event["name"], event["nearest"]) for event in server.events("unknown_setting")]

    assert warnings == [("DIGITS_GRPC_PROT", "DIGITS_GRPC_PORT")]
    assert server.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(["--prot", "1"], "--prot", id="option"),
        pytest.param(["chekc"], "chekc", id="command"),
        pytest.param(["check", "--adress=x"], "--adress", id="option-of-check"),
        pytest.param(["--address=x"], "--address", id="option-out-of-place"),
    ],
)
def test_bad_usage(launch_server, arguments: list[str], named: str) -> None:
    """An option or a command that does not exist ends with exit 2 and its name."""
    server = launch_server(*arguments)

    assert server.end() == 2
    assert named in server.text.splitlines()[-1]


def test_check(launch_server, tiny_models: Path) -> None:
    """`check` exits 0 beside a server that serves, and 1 where there is none."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models)
    server.wait_for("serving")
    port = server.address.rpartition(":")[2]
    beside = launch_server("check", DIGITS_GRPC_PORT=port).end()
    named = launch_server("check", "--address", server.address).end()
    assert server.stop() == 0
    gone = launch_server("check", "--address", server.address).end()

    assert (beside, named, gone) == (0, 0, 1)
