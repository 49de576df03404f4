"""`make up` in a fresh clone, as a person at a terminal runs it."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
INSTALL_S, START_S = 400, 20

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        os.environ.get("DIGITS_TEST_INSTALL") != "1",
        reason="installs packages, which DIGITS_TEST_INSTALL=1 allows",
    ),
]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@dataclass
class Session:
    """`make up` in a session of its own, at a pseudo-terminal."""

    folder: Path
    log: Path
    http: int = field(default_factory=_free_port)
    grpc: int = field(default_factory=_free_port)

    def __post_init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name[:7] != "DIGITS_"}
        environment |= {"DIGITS_HTTP_PORT": str(self.http), "DIGITS_GRPC_PORT": str(self.grpc)}
        self.keyboard, terminal = os.openpty()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["setsid", "--ctty", "make", "up"],
                cwd=self.folder,
                env=environment,
                stdin=terminal,
                stdout=log,
                stderr=log,
            )
        os.close(terminal)

    def wait_until_ready(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{self.http}/readyz", trust_env=False).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        pytest.fail(f"make up does not get ready:\n{self.log.read_text()}")

    def press_ctrl_c(self) -> int:
        """Return the exit status."""
        os.write(self.keyboard, b"\x03")
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.press_ctrl_c()
        os.close(self.keyboard)


Start = Callable[..., Session]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is committed, and nothing else."""
    folder = tmp_path_factory.mktemp("clone") / "digits"
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    return folder


@pytest.fixture
def start(clone: Path, tmp_path: Path) -> Iterator[Start]:
    """Run `make up` on free ports, or on those given."""
    started: list[Session] = []

    def start(**ports: int) -> Session:
        started.append(Session(clone, tmp_path / "log", **ports))
        return started[-1]

    yield start
    for session in started:
        session.close()


def test_first_run(start: Start, clone: Path, digit_png: bytes) -> None:
    """The first run installs, without TensorFlow, and then answers right."""
    session = start()
    session.wait_until_ready(INSTALL_S)
    answer = httpx.post(
        f"http://127.0.0.1:{session.http}/predict", files={"file": digit_png}, trust_env=False
    )
    tried = subprocess.run(
        [clone / ".venv/bin/python", "-c", "import tensorflow"], capture_output=True, text=True
    )

    assert answer.json()["prediction"] == 7
    assert "No module named 'tensorflow'" in tried.stderr


def test_second_run(start: Start) -> None:
    """The second run installs nothing and is ready within seconds."""
    session = start()
    session.wait_until_ready(START_S)

    assert "Installing" not in session.log.read_text()


def test_ctrl_c(start: Start) -> None:
    """Ctrl-C ends both processes, and make with success."""
    session = start()
    session.wait_until_ready(START_S)

    assert session.press_ctrl_c() == 0, session.log.read_text()
    for port in (session.http, session.grpc):
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            pass


def test_port_in_use(start: Start) -> None:
    """A port that is taken ends the run with a message that names it, and the other process."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        session = start(http=port)
        status = session.process.wait(START_S)

    assert status != 0
    assert f"port {port} is in use" in session.log.read_text()
