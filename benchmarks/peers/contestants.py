"""Who is compared, how each is set, and by how much it is to be outdone.

Each runs as its documentation advises for throughput, in two processes (or, where
it knows none, two instances of the model) with one thread of onnxruntime each, as
ours does.
"""

import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.environment import SERVERS, Command, Environment, free_ports
from benchmarks.speed.load import Target
from benchmarks.speed.payload import PNG, RAW

WORKERS = 2
INFER = "/inference.GRPCInferenceService/ModelInfer"

Start = Callable[[Path], tuple[Command, Target]]


@dataclass(frozen=True)
class Peer:
    """A server of other people.

    `packages` are those whose versions matter; `asked` is what it is sent, `least`
    and `aim` what our rate is to be over its own. `start` says how it is run with
    a model, and where it then answers. `untrained` asks for Keras's file of the
    same net instead of the published model.
    """

    name: str
    environment: Environment
    packages: Sequence[str]
    asked: str
    least: float
    aim: float
    start: Start
    untrained: bool = False


def _mlserver(workers: int) -> Start:
    """`workers` beside the process that speaks gRPC; with 0 that one computes, too."""

    def start(model: Path) -> tuple[Command, Target]:
        http, grpc, metrics = free_ports(3)
        return (
            Command(
                ["-m", "mlserver.cli.main", "start", SERVERS / "mlserver"],
                {
                    "MLSERVER_HOST": "127.0.0.1",
                    "MLSERVER_HTTP_PORT": f"{http}",
                    "MLSERVER_GRPC_PORT": f"{grpc}",
                    "MLSERVER_METRICS_PORT": f"{metrics}",
                    "MLSERVER_MODEL_URI": f"{model}",
                    "MLSERVER_PARALLEL_WORKERS": f"{workers}",
                },
            ),
            Target("grpc", f"127.0.0.1:{grpc}", INFER),
        )

    return start


def _triton(model: Path) -> tuple[Command, Target]:
    http, grpc = free_ports(2)
    program = SERVERS / "triton_server.py"
    return (
        Command(
            ["-P", program, model, "--grpc-port", f"{grpc}", "--http-port", f"{http}"],
            # Triton's processes look for libpython where the system keeps its own, which fits the
            # standard library of this interpreter only where this is the system's.
            {"LD_LIBRARY_PATH": sysconfig.get_config_var("LIBDIR")},
        ),
        Target("grpc", f"127.0.0.1:{grpc}", INFER),
    )


def _fastapi(module: str) -> Start:
    def start(model: Path) -> tuple[Command, Target]:
        [port] = free_ports(1)
        workers = ["--workers", f"{WORKERS}", "--loop", "uvloop", "--http", "httptools"]
        return (
            Command(
                [
                    *("-m", "uvicorn", f"{module}:app", "--app-dir", SERVERS),
                    *("--host", "127.0.0.1", "--port", f"{port}", *workers, "--no-access-log"),
                ],
                {"PEER_MODEL": f"{model}"},
            ),
            Target("http", f"127.0.0.1:{port}", "/predict", {"content-type": "image/png"}),
        )

    return start


PEERS = (
    *(
        Peer(
            name,
            Environment("mlserver"),
            ("mlserver", "onnxruntime"),
            RAW,
            least=3.0,
            aim=6.0,
            start=_mlserver(workers),
        )
        # On two cores it is faster without, as each request then stays in one process.
        for name, workers in (("MLServer", WORKERS), ("MLServer without workers", 0))
    ),
    Peer(
        "Triton",
        Environment("triton"),
        ("nvidia-pytriton", "onnxruntime"),
        RAW,
        least=1.3,
        aim=3.0,
        start=_triton,
    ),
    Peer(
        "FastAPI + onnxruntime",
        Environment("fastapi-onnx"),
        ("fastapi", "uvicorn", "onnxruntime"),
        PNG,
        least=1.7,
        aim=3.0,
        start=_fastapi("fastapi_onnx"),
    ),
    Peer(
        "FastAPI + Keras",
        Environment("fastapi-keras"),
        ("fastapi", "uvicorn", "keras", "tensorflow"),
        PNG,
        least=80.0,
        aim=200.0,
        start=_fastapi("fastapi_keras"),
        untrained=True,
    ),
)
