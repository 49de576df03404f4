"""Fixtures of all tests: a real server in a process of its own, and small real bundles."""

import base64
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from digits_core import bundle as bundles
from digits_core import prepare
from digits_core.bundle import Acceptance, Canary, Manifest
from digits_core.image import NORMALIZER_VERSION
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from tests import logs
from tests.readers import write_reader

PATIENCE_S = 60.0
"""How long to wait for what takes a second: a limit for what hangs, on a machine that is busy."""


@dataclass
class ServerProcess:
    """A `python -m digits_server` of our own. Its log, one JSON object a line, goes to a file."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def text(self) -> str:
        return self.log.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of that name so far."""
        return logs.events(self.log, name)

    @property
    def address(self) -> str:
        return self.wait_for("listening")["address"]

    @property
    def workers(self) -> list[int]:
        """The process numbers of its workers, the eldest first."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children]

    def wait_for(self, name: str, seconds: float = PATIENCE_S) -> dict[str, Any]:
        """The first event of that name; fails when the process ends or takes too long."""
        end = time.monotonic() + seconds
        while not (events := self.events(name)):
            if self.process.poll() is not None and not self.events(name):
                pytest.fail(f"the server ended without {name!r}:\n{self.text}")
            if time.monotonic() > end:
                pytest.fail(f"no event {name!r} in {seconds} s:\n{self.text}")
            time.sleep(0.01)
        return events[0]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        """Wait for the process to end by itself and return its exit status."""
        return self.process.wait(PATIENCE_S)


Launch = Callable[..., ServerProcess]


@pytest.fixture(scope="session")
def launch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch]:
    """Start a server on a free port, with the settings given: `launch(DIGITS_MAX_ITEMS=3)`.

    Without a word of DIGITS_WORKERS it is a single process.
    """
    started: list[subprocess.Popen[bytes]] = []

    def launch(*arguments: str, **settings: object) -> ServerProcess:
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("DIGITS_")
        }
        chosen = {"DIGITS_GRPC_PORT": 0, "DIGITS_WORKERS": 1} | settings
        log = tmp_path_factory.mktemp("server") / "log"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "digits_server", *arguments],
                env=clean | {name: str(value) for name, value in chosen.items()},
                stderr=stderr,
            )
        started.append(process)
        return ServerProcess(process, log)

    yield launch
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def server(launch_server: Launch) -> Iterator[ServerProcess]:
    """One server of two workers on the published bundles for the whole run; it must end well."""
    server = launch_server(DIGITS_WORKERS=2)
    server.wait_for("serving")
    yield server
    assert server.stop() == 0, server.text


@pytest.fixture(scope="session")
def server_address(server: ServerProcess) -> str:
    """Where the server on the published bundles listens."""
    return server.address


@pytest.fixture(scope="session")
def digit_png() -> bytes:
    """A picture of a seven, 200 x 160, dark ink on bright paper."""
    paper = np.full((160, 200), 240, np.uint8)
    corners = np.array([[60, 30], [130, 30], [90, 130]], np.int32)
    cv2.polylines(paper, [corners], isClosed=False, color=20, thickness=10)
    return cv2.imencode(".png", paper)[1].tobytes()


@pytest.fixture(scope="session")
def heavy_png() -> bytes:
    """A blank picture of 49 megapixels in 60 kB: decoding it takes tenths of a second."""
    return cv2.imencode(".png", np.full((7000, 7000), 255, np.uint8))[1].tobytes()


@pytest.fixture(scope="session")
def long_png() -> bytes:
    """A blank picture of 49 megapixels in colour: decoding it takes a second or two."""
    return cv2.imencode(".png", np.full((7000, 7000, 4), 255, np.uint8))[1].tobytes()


def tiny_model(seed: int, *, breaks: bool = False, products: int = 0) -> tuple[bytes, NDArray[Any]]:
    """A linear model as an ONNX file, and its weights float32[785, 11], the last row the bias.

    With `breaks` it answers NaN when the top left pixel is white. It multiplies
    matrices of 1024 x 1024 `products` times a call to be slow.
    """
    weights = np.random.default_rng(seed).normal(0, 0.05, (785, 11)).astype(np.float32)
    weights[784, 10] = -6  # nearly everything is a digit
    constants: dict[str, NDArray[Any]] = {"w": weights[:784], "b": weights[784]}
    constants |= {"one": np.float32([1]), "zero": np.float32([0])}
    node = helper.make_node
    nodes = [
        node("Flatten", ["image"], ["flat"]),
        node("MatMul", ["flat", "w"], ["product"]),
        node("Add", ["product", "b"], ["sum"]),
    ]
    answer = "sum"
    if breaks:  # log(0) * 0 is NaN, log(1) * 0 is 0
        constants |= {"first": np.int64([0])}
        nodes += [
            node("Gather", ["flat", "first"], ["corner"], axis=1),
            node("Sub", ["one", "corner"], ["rest"]),
            node("Log", ["rest"], ["log"]),
            node("Mul", ["log", "zero"], ["nothing"]),
            node("Add", [answer, "nothing"], ["broken"]),
        ]
        answer = "broken"
    if products:  # zero, but no optimiser knows
        constants |= {"square": np.int64([1024, 1024])}
        nodes += [
            node("ReduceSum", ["image"], ["ink"], keepdims=0),
            node("Mul", ["ink", "zero"], ["none"]),
            node("Expand", ["none", "square"], ["matrix0"]),
            *(node("MatMul", [f"matrix{i}"] * 2, [f"matrix{i + 1}"]) for i in range(products)),
            node("ReduceMax", [f"matrix{products}"], ["slow"], keepdims=0),
            node("Add", [answer, "slow"], ["late"]),
        ]
        answer = "late"
    nodes.append(node("Identity", [answer], ["logits"]))
    values = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", values, ["N", 28, 28])],
        [helper.make_tensor_value_info("logits", values, ["N", 11])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString(), weights


Publish = Callable[..., Path]


@pytest.fixture(scope="session")
def publish(digit_png: bytes) -> Publish:
    """Publish a tiny model: `publish(folder, "cnn", breaks=True)` returns its version's folder."""

    def publish(folder: Path, name: str, *, version: int = 1, seed: int = 0, **kind: Any) -> Path:
        model, weights = tiny_model(seed, **kind)
        ink = prepare(digit_png).pixels.reshape(784) / np.float32(255)
        odds = np.exp((ink @ weights[:784] + weights[784]).astype(np.float64))
        digits = odds[:10] / odds[:10].sum()
        canary = Canary(
            image=base64.b64encode(digit_png).decode(),
            digit=int(digits.argmax()),
            probabilities=tuple(digits.tolist()),
            digit_score=float(1 - odds[10] / odds.sum()),
        )
        manifest = Manifest(
            name=name,
            version=version,
            files=bundles.digest_of(model),
            input="image",
            output="logits",
            parameters=weights.size,
            normalizer_version=NORMALIZER_VERSION,
            temperature=1.0,
            other_bias=0.0,
            acceptance=Acceptance(
                min_contrast=20, coefficients={"digit_score": 1.0}, intercept=0.0, threshold=0.5
            ),
            metrics={"mnist_test_accuracy": 0.1},
            training={},
            commit="0" * 40,
            canaries=(canary,),
        )
        return bundles.write(manifest, model, folder)

    return publish


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory, publish: Publish) -> Path:
    """A folder of models with a tiny `mlp` and a tiny `cnn`, the default. Do not change it."""
    folder = tmp_path_factory.mktemp("models")
    publish(folder, "mlp", seed=1)
    publish(folder, "cnn", seed=2)
    (folder / "default").write_text("cnn\n")
    return folder


@pytest.fixture(scope="session")
def reading_models(tmp_path_factory: pytest.TempPathFactory, tiny_models: Path) -> Path:
    """The tiny models and a reader that takes every solid bar for a 7. Do not change it."""
    folder = tmp_path_factory.mktemp("models") / "reading"
    shutil.copytree(tiny_models, folder)
    write_reader(folder)
    return folder
