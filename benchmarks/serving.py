"""A server of the benchmark's own, and the line that says where the figures come from."""

import datetime as dt
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digits_client import Client

START_S = 30.0


@contextmanager
def own_server() -> Iterator[str]:
    """Start `python -m digits_server` on a free port; yield its address once it serves."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "digits_server"],
            env=os.environ | {"DIGITS_HOST": "127.0.0.1", "DIGITS_GRPC_PORT": str(port)},
            stderr=log,
        )
        try:
            address = f"127.0.0.1:{port}"
            with Client(address, wait_for_ready=True, timeout=START_S) as client:
                while not client.health():
                    if server.poll() is not None:
                        log.seek(0)
                        sys.exit(log.read().decode())
                    time.sleep(0.05)
            yield address
        finally:
            server.terminate()
            server.wait()


def origin(address: str) -> str:
    """Return machine, date and the digests of the models that the server has."""
    with Client(address) as client:
        models = [f"{m.name} {m.version} (SHA-256 {m.digest[:12]})" for m in client.list_models()]
    return f"{machine()}; models: {', '.join(models)}"


def machine() -> str:
    """Return processor, cores, Python and date."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    today = dt.datetime.now(dt.UTC).date()
    return f"{_processor()}, {cores} cores, Python {platform.python_version()}, {today}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
