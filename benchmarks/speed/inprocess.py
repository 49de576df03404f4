"""What the pictures cost without a server: processes that recognise as fast as they can.

Each does by `digits_core` what the server does for a call, one thread each.
"""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any, Literal, Self

import cv2
import numpy as np
from digits_core import Recognizer, from_pixels, prepare
from digits_core.bundle import MODEL_FILE, find
from digits_core.session import open_session, shapes
from numpy.typing import NDArray

from benchmarks.speed.rounds import Sample

Task = Literal["file", "values", "batch", "prepare"]
"""`file`: decode, normalise, recognise an encoded picture. `values`: recognise 784 bytes.
`batch`: the model's bare session on all of 784 x N bytes at once, made floats before.
`prepare`: decode and normalise.
"""


@dataclass(frozen=True)
class Work:
    """What one process did: the seconds that each item took, all, and processor seconds."""

    latencies: NDArray[np.float64]
    seconds: float
    cpu_s: float


class Processes:
    """So many processes that work at the same time; they live until `close`."""

    def __init__(self, count: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._processes = [ProcessPoolExecutor(1, mp_context=spawn) for _ in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.shutdown()

    def measure(
        self, task: Task, bodies: Sequence[bytes], *, seconds: float, model: str = "", each: int = 1
    ) -> Sample:
        """Work on the bodies in turn for so long in every process; `each` body holds so many."""
        works = self._all(_for_so_long, [(task, bodies, model, seconds)] * len(self._processes))
        return _sample(works, each)

    def files(self, paths: Sequence[Path]) -> Sample:
        """Read and recognise each file once, the processes taking every other one."""
        count = len(self._processes)
        works = self._all(_once_each, [(paths[start::count],) for start in range(count)])
        return _sample(works)

    def _all(
        self, function: Callable[..., Work], arguments: Sequence[tuple[Any, ...]]
    ) -> list[Work]:
        futures = [
            process.submit(function, *each)
            for process, each in zip(self._processes, arguments, strict=True)
        ]
        return [future.result() for future in futures]


def _sample(works: Sequence[Work], each: int = 1) -> Sample:
    # The sum of their rates: a limit waits for no process that something else slowed.
    rate = sum(len(work.latencies) / work.seconds for work in works) * each
    latencies = np.concatenate([work.latencies for work in works])
    p50, p99 = np.percentile(latencies, [50, 99])
    cpu = sum(work.cpu_s for work in works) / len(latencies) / each
    return Sample(rate=rate, p50=float(p50), p99=float(p99), server_cpu=cpu)


def _for_so_long(task: Task, bodies: Sequence[bytes], model: str, seconds: float) -> Work:
    work = _worker(task, model, bodies)
    turns = cycle(bodies)
    work(next(turns))
    latencies = []
    start, cpu, now = time.perf_counter(), time.process_time(), time.perf_counter()
    while now - start < seconds:
        work(next(turns))
        before, now = now, time.perf_counter()
        latencies.append(now - before)
    return Work(np.array(latencies), now - start, time.process_time() - cpu)


def _once_each(paths: Sequence[Path]) -> Work:
    recognizer = _recognizer("")
    latencies = []
    start, cpu, now = time.perf_counter(), time.process_time(), time.perf_counter()
    for path in paths:
        recognizer.recognize([prepare(path)])
        before, now = now, time.perf_counter()
        latencies.append(now - before)
    return Work(np.array(latencies), now - start, time.process_time() - cpu)


def _worker(task: Task, model: str, bodies: Sequence[bytes]) -> Callable[[bytes], object]:
    recognizer = _recognizer(model)
    match task:
        case "file":
            return lambda body: recognizer.recognize([prepare(body)])
        case "values":
            return lambda body: recognizer.recognize([from_pixels(body)])
        case "prepare":
            return prepare
        case "batch":
            return _session_run(recognizer, bodies)


def _session_run(recognizer: Recognizer, bodies: Sequence[bytes]) -> Callable[[bytes], object]:
    manifest = recognizer.manifest
    model = (find(recognizer.name) / MODEL_FILE).read_bytes()
    session = open_session(recognizer.name, model, threads=1)
    channels = len(shapes(session)[0][manifest.input]) == 4
    shape = (-1, 28, 28, 1) if channels else (-1, 28, 28)
    images = {
        body: np.frombuffer(body, np.uint8).astype(np.float32).reshape(shape) / np.float32(255)
        for body in bodies
    }
    return lambda body: session.run([manifest.output], {manifest.input: images[body]})


@cache
def _recognizer(model: str) -> Recognizer:
    cv2.setNumThreads(1)
    return Recognizer.load(model or None)
