"""A server of the benchmark's own, and the line that says where the figures come from."""

import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digits_client import Client

ROOT = Path(__file__).parents[1]
SERVE = ROOT / ".venv" / "bin" / "python"
PYTHON = SERVE if SERVE.exists() else Path(sys.executable)
"""The interpreter of `make up`, where it is set up."""

START_S = 30.0
STOP_S = 15.0

Event = dict[str, Any]


class Log:
    """What a process writes to standard error, in JSON, a line an event."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def new(self) -> list[Event]:
        """The events since this was asked last."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            whole, _, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + 1 if whole else 0
        return [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]

    def text(self) -> str:
        """All of it."""
        return self._path.read_text()


@dataclass(frozen=True)
class Running:
    """A process that serves at `address` (`host:port`), by `workers` processes.

    It took `start_s` seconds until it did.
    """

    pid: int
    address: str
    workers: int
    start_s: float
    log: Log


@contextmanager
def own_server(
    python: Path = PYTHON, *, core: int | None = None, **settings: object
) -> Iterator[Running]:
    """Start `python -m digits_server` on a free port; yield it once it serves.

    `settings` are those of the server, as `workers=2`. It gets one `core` alone
    if that is told.
    """
    start = time.monotonic()
    settings = {"grpc_port": 0, **settings}
    with _process(python, "digits_server", settings, core) as (process, log):
        events: list[Event] = []
        while not (serving := [event for event in events if event["event"] == "serving"]):
            _wait(process, log, start)
            events += log.new()
        workers = serving[0].get("workers", 1)
        address = next(event["address"] for event in events if event["event"] == "listening")
        with Client(address) as client:
            client.health()
        yield Running(process.pid, address, workers, time.monotonic() - start, log)


@contextmanager
def own_gateway(server: str, python: Path = PYTHON) -> Iterator[Running]:
    """Start `python -m digits_gateway` on a free port, before the server at that address."""
    start = time.monotonic()
    settings = {"http_port": 0, "server_address": server}
    with _process(python, "digits_gateway", settings) as (process, log):
        events: list[Event] = []
        while not (heard := [event for event in events if event["event"] == "listening"]):
            _wait(process, log, start)
            events += log.new()
        address = f"{heard[0]['host']}:{heard[0]['port']}"
        yield Running(process.pid, address, 1, time.monotonic() - start, log)


def origin(address: str) -> str:
    """Return machine, date and the digests of the models that the server has."""
    with Client(address) as client:
        models = [f"{m.name} {m.version} (SHA-256 {m.digest[:12]})" for m in client.list_models()]
    return f"{machine()}; models: {', '.join(models)}"


def machine() -> str:
    """Return processor, cores, Python and date."""
    today = dt.datetime.now(dt.UTC).date()
    return f"{_processor()}, {cores()} cores, Python {platform.python_version()}, {today}"


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _process(
    python: Path, module: str, settings: Mapping[str, object], core: int | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], Log]]:
    with tempfile.NamedTemporaryFile() as file:
        with _only_on(core):
            process = subprocess.Popen(
                [python, "-m", module], env=_environment(settings), stderr=file
            )
        try:
            yield process, Log(Path(file.name))
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def _only_on(core: int | None) -> Iterator[None]:
    """What is started in here runs on that processor alone."""
    if core is None:
        yield
        return
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


def _environment(settings: Mapping[str, object]) -> dict[str, str]:
    """Our own, with the modules kept compiled between starts, and the settings."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    chosen = {f"DIGITS_{name.upper()}": str(value) for name, value in settings.items()}
    return kept | {"DIGITS_HOST": "127.0.0.1"} | chosen


def _wait(process: subprocess.Popen[bytes], log: Log, start: float) -> None:
    if process.poll() is not None:
        sys.exit(log.text())
    if time.monotonic() - start > START_S:
        sys.exit(f"it does not serve after {START_S:.0f} s:\n{log.text()}")
    time.sleep(0.002)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
