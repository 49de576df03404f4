"""The compose file on a real engine; compose_up.sh gets one going where there is none."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from digits_client import Client

SCRIPT = Path(__file__).with_name("compose_up.sh")
SERVICES = ["inference", "gateway"]

# Engine, base image and two builds take two to four minutes from nothing.
pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Stack:
    """The two services, up on ports of their own."""

    project: str
    http: int
    grpc: int
    environment: dict[str, str]

    def docker(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["docker", *arguments], env=self.environment, capture_output=True, text=True
        )

    def container(self, service: str) -> str:
        label = f"label=com.docker.compose.service={service}"
        project = f"label=com.docker.compose.project={self.project}"
        return self.docker("ps", "-q", "--filter", label, "--filter", project).stdout.strip()

    def becomes_healthy(self, container: str, seconds: float = 60) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self.docker("inspect", "--format", "{{.State.Health.Status}}", container)
            if state.stdout.strip() == "healthy":
                return True
            time.sleep(0.5)
        return False

    def run(self, service: str, *command: str) -> "subprocess.CompletedProcess[str]":
        return self.docker("exec", self.container(service), *command)

    def curl(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "30", "--noproxy", "*", *arguments],
            capture_output=True,
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _is_engine_up() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The compose file's services, healthy; taken down afterwards."""
    if not _is_engine_up() and os.environ.get("DIGITS_TEST_INSTALL") != "1":
        pytest.skip("no container engine answers, and DIGITS_TEST_INSTALL=1 is not set to get one")
    # A short path, as it holds a socket.
    folder = Path(tempfile.mkdtemp(prefix="digits-compose-"))
    http, grpc = _free_port(), _free_port()
    environment = {name: value for name, value in os.environ.items() if name[:7] != "DIGITS_"}
    environment |= {
        "COMPOSE_PROJECT_NAME": f"digits-test-{os.getpid()}",
        "DIGITS_HTTP_PORT": str(http),
        "DIGITS_GRPC_PORT": str(grpc),
        "DIGITS_DEADLINE_S": "9",
    }
    try:
        subprocess.run([SCRIPT, "up", folder], env=environment, check=True)
        if (own := folder / "engine.sock").exists():
            environment["DOCKER_HOST"] = f"unix://{own}"
        yield Stack(environment["COMPOSE_PROJECT_NAME"], http, grpc, environment)
    finally:
        subprocess.run([SCRIPT, "down", folder], env=environment, check=True)


@pytest.mark.parametrize("service", SERVICES)
def test_health(stack: Stack, service: str) -> None:
    """The engine finds each service healthy by the image's own check."""
    assert stack.becomes_healthy(stack.container(service))


@pytest.mark.parametrize("service", SERVICES)
def test_settings(stack: Stack, service: str) -> None:
    """What is set round the compose file reaches the services, what is not stays unset."""
    seen = stack.run(service, "env").stdout.splitlines()

    assert "DIGITS_DEADLINE_S=9" in seen
    assert not [line for line in seen if line.startswith(("DIGITS_WORKERS", "DIGITS_MAX"))]


def test_rest(stack: Stack, digit_png: bytes, tmp_path: Path) -> None:
    """A picture sent by curl is answered right, through the published port."""
    path = tmp_path / "digit.png"
    path.write_bytes(digit_png)

    reply = stack.curl("-F", f"file=@{path}", f"http://localhost:{stack.http}/predict")

    assert json.loads(reply.stdout)["prediction"] == 7


def test_grpc(stack: Stack, digit_png: bytes) -> None:
    """The client gets the right answer through the server's published port."""
    with Client(f"localhost:{stack.grpc}") as client:
        assert client.predict(digit_png).digit == 7


def test_large_upload(stack: Stack, tmp_path: Path) -> None:
    """An upload of some 12 MB is answered, read-only root or not."""
    noise = np.random.default_rng(0).integers(0, 256, (2000, 2000, 3), np.uint8)
    path = tmp_path / "noise.png"
    path.write_bytes(cv2.imencode(".png", noise)[1].tobytes())

    reply = stack.curl("-F", f"file=@{path}", f"http://localhost:{stack.http}/predict")

    assert path.stat().st_size > 10 * 2**20
    assert json.loads(reply.stdout)["accepted"] is False


@pytest.mark.parametrize("service", SERVICES)
def test_user(stack: Stack, service: str) -> None:
    """No service runs as root."""
    assert int(stack.run(service, "id", "-u").stdout) != 0


@pytest.mark.parametrize("service", SERVICES)
def test_read_only(stack: Stack, service: str) -> None:
    """Not even root writes to a service's file system."""
    written = stack.docker("exec", "--user", "0", stack.container(service), "touch", "/opt/x")

    assert "Read-only file system" in written.stderr


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("module", ["tensorflow", "keras", "pip", "hatchling", "pytest"])
def test_slim(stack: Stack, service: str, module: str) -> None:
    """Neither TensorFlow nor any tool is left in the images."""
    tried = stack.run(service, "python", "-c", f"import {module}")

    assert f"No module named '{module}'" in tried.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_stop_and_start(stack: Stack, service: str) -> None:
    """As a container's first process, too, a service ends well on SIGTERM, and it comes back."""
    container = stack.container(service)
    stack.docker("stop", "--time", "15", container)
    state = stack.docker("inspect", "--format", "{{.State.ExitCode}}", container)
    stack.docker("start", container)

    assert int(state.stdout) == 0
    assert stack.becomes_healthy(container)
