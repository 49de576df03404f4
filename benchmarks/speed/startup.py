"""How soon the server serves, what a worker then holds in memory, and that it needs no TensorFlow.

The first start, which reads the files from the disk, is not counted.
"""

import subprocess
from pathlib import Path

import cv2
import numpy as np

from benchmarks import pictures
from benchmarks.serving import ROOT, Running, own_server
from benchmarks.speed import bodies
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import interval
from benchmarks.speed.proc import family, resident_mib
from benchmarks.speed.report import Section, promise, ranged

REQUESTS = 1000
"""To each worker."""
START_S, MEMORY_MIB = (0.6, 0.4), (130.0, 110.0)


def report(bench: Bench, starts: int) -> Section:
    """Start so many times, and ask the last."""
    taken = []
    for start in range(starts + 1):
        with own_server(bench.python, workers=bench.workers) as server:
            taken.append(server.start_s)
            if start == starts:
                before = _memory(server)
                asked = _ask(bench, server)
                after = _memory(server)
    seconds = interval(taken[1:])
    rows = [
        promise("start to SERVING, all workers", starts, seconds, *START_S, most=True, unit="s"),
        promise(
            f"resident memory of the largest process after {asked:,} requests",
            1,
            interval([max(after)]),
            *MEMORY_MIB,
            most=True,
            unit="MiB",
            decimals=0,
        ),
    ]
    lines = [
        ("start to SERVING, s", ranged(seconds, decimals=2)),
        ("quickest, s", f"{min(taken):.2f}"),
        ("workers", f"{server.workers}"),
        ("resident MiB of each process when it serves", ", ".join(f"{mib:.0f}" for mib in before)),
        (f"the same after {asked:,} requests", ", ".join(f"{mib:.0f}" for mib in after)),
        ("TensorFlow can be imported", _has_tensorflow(bench)),
        ("interpreter", _named(bench.python)),
    ]
    return Section("Start and memory", rows, ("what", "measured"), lines)


def _ask(bench: Bench, server: Running) -> int:
    """Send files of several sizes and 28x28 values to both models; how many."""
    draw = np.random.default_rng(0)
    requests = []
    for index in range(64):
        side = int(draw.integers(28, 400))
        picture = draw.integers(0, 256, (side, side), np.uint8)
        small = cv2.resize(picture, (28, 28))
        file = pictures.png(picture)
        model = ("cnn", "mlp")[index // 2 % 2]
        requests.append(
            bodies.predict_file(file, model)
            if index % 2
            else bodies.predict_values(small.tobytes(), model)
        )
    subject = bench.subject(server, "Predict", lambda _index, reply: bool(reply))
    asked = 0
    while asked < REQUESTS * server.workers:
        asked += sum(subject.ask(bench.generator, requests, seconds=1.0).split.values())
    return asked


def _memory(server: Running) -> list[float]:
    return sorted(map(resident_mib, family(server.pid)))


def _named(python: Path) -> str:
    """Without the folder that this machine has the project in."""
    return str(python.relative_to(ROOT) if python.is_relative_to(ROOT) else python)


def _has_tensorflow(bench: Bench) -> str:
    found = subprocess.run(
        [bench.python, "-c", "import tensorflow"], capture_output=True, check=False
    )
    return "no" if found.returncode else "yes"
