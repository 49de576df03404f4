"""A peer's process, in an environment of its own."""

import os
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVERS = Path(__file__).parent
STOP_S = 10.0


@dataclass(frozen=True)
class Environment:
    """`.venv-peers/<name>`, made of `requirements/peers/<name>.lock`."""

    name: str

    @property
    def python(self) -> Path:
        return ROOT / ".venv-peers" / self.name / "bin" / "python"

    def versions(self, packages: Sequence[str]) -> str:
        """The packages with the versions that the lock pins, as text."""
        lock = (ROOT / "requirements" / "peers" / f"{self.name}.lock").read_text()
        pins = dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", lock, re.MULTILINE))
        return ", ".join(f"{package} {pins[package]}" for package in packages)


@dataclass(frozen=True)
class Command:
    """What to run in an environment, and what to set for it."""

    arguments: Sequence[str | Path]
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """A process and what it has written so far."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None


@contextmanager
def running(environment: Environment, command: Command) -> Iterator[Running]:
    """Run the command in an empty folder; in the end stop all that it started."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [environment.python, *command.arguments],
                cwd=folder,
                env=os.environ | command.variables,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Running(process, log)
        finally:
            process.send_signal(signal.SIGINT)  # Triton cleans up after no other
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
