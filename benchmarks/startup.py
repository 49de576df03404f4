"""How soon a server serves, what it holds in memory, and that it needs no TensorFlow.

The server runs in `.venv`, as `make up` runs it, or in the interpreter that
`--python` names. The first start, which reads the files from the disk, is not
counted. Linux tells the memory.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pictures
from digits_client import Client
from serving import origin

SERVE = Path(__file__).parents[1] / ".venv" / "bin" / "python"
STARTS = 7
REQUESTS = 1000


@contextmanager
def server(python: Path) -> Iterator[tuple[int, str, float]]:
    """Start a server; yield its process, its address and the seconds until it answered SERVING."""
    with tempfile.NamedTemporaryFile() as log:
        start = time.monotonic()
        process = subprocess.Popen(
            [python, "-m", "digits_server"],
            env=_environment(),
            stderr=log,
        )
        try:
            while "serving" not in (events := _events(Path(log.name))):
                if process.poll() is not None:
                    sys.exit(Path(log.name).read_text())
                time.sleep(0.002)
            address = events["listening"]["address"]
            with Client(address) as client:
                client.health()
            yield process.pid, address, time.monotonic() - start
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, default=SERVE if SERVE.exists() else sys.executable)
    python: Path = parser.parse_args().python
    starts = []
    for _ in range(STARTS):
        with server(python) as (_, _, seconds):
            starts.append(seconds)
    with server(python) as (process, address, _):
        _ask(address)
        resident = _resident_mib(process)
        print(origin(address))
    print(f"interpreter: {python}")
    print("| figure | measured | wanted |")
    print("| --- | --- | --- |")
    print(
        f"| process start to SERVING, median of {len(starts[1:])} (quickest) "
        f"| {statistics.median(starts[1:]):.2f} s ({min(starts[1:]):.2f} s) | at most 1 s |"
    )
    print(f"| resident memory after {REQUESTS:,} requests | {resident:.0f} MiB | at most 150 MiB |")
    print(f"| TensorFlow can be imported | {_has_tensorflow(python)} | no |")


def _environment() -> dict[str, str]:
    """Return our own, but for a free port, and with the modules kept compiled between starts."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"DIGITS_HOST": "127.0.0.1", "DIGITS_GRPC_PORT": "0"}


def _events(log: Path) -> dict[str, dict[str, str]]:
    """Return the events of the server's log, the last of each name."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
    return {line["event"]: line for line in lines}


def _ask(address: str) -> None:
    """Send files of several sizes and 28x28 values to both models in turn."""
    draw = np.random.default_rng(0)
    with Client(address) as client:
        for index in range(REQUESTS):
            model = ("cnn", "mlp")[index % 2]
            side = int(draw.integers(28, 400))
            picture = draw.integers(0, 256, (side, side), np.uint8)
            if index % 4 < 2:
                client.predict(pictures.png(picture), model=model)
            else:
                client.predict(pixels=picture[:28, :28].copy(), model=model)


def _resident_mib(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    [kib] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    return int(kib) / 1024


def _has_tensorflow(python: Path) -> str:
    found = subprocess.run([python, "-c", "import tensorflow"], capture_output=True, check=False)
    return "no" if found.returncode else "yes"


if __name__ == "__main__":
    main()
