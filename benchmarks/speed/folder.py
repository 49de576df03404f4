"""`digits batch` on a folder of files, beside reading and recognising them in process."""

import csv
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.speed import bodies
from benchmarks.speed.bench import Bench, Wrong
from benchmarks.speed.report import Section, promise, ranged
from benchmarks.speed.rounds import Measure, Round, Rounds, Sample

WANTED = (0.90, 0.97)
BATCH, START, LIMIT = "digits batch, start to end", "digits health, start to end", "in process"


def measures(bench: Bench, count: int) -> dict[str, Measure]:
    """The command from its start to its end, the command's start, and the limit."""
    folder = bench.folder()
    files = [folder / f"{index:05}.png" for index in range(count)]
    for file, content in zip(files, bodies.files(bench.data, count), strict=True):
        file.write_bytes(content)
    return {
        BATCH: partial(_batch, bench, folder, files),
        START: partial(_start, bench),
        LIMIT: partial(bench.cores.files, files),
    }


def report(rounds: Rounds) -> Section:
    """One promise."""
    count = len(rounds.kept)
    rows = [
        promise("digits batch: of the in-process limit", count, rounds.each(_of_limit), *WANTED),
        promise("- without the start of the command", count, rounds.each(_without_start)),
    ]
    took, started = (
        ranged(rounds.each(partial(_seconds, name)), decimals=2) for name in (BATCH, START)
    )
    lines = [
        (BATCH, ranged(rounds.rate(BATCH)), took),
        (START, "", started),
        (LIMIT, ranged(rounds.rate(LIMIT)), ""),
    ]
    return Section("A folder of PNG files, 280x280", rows, ("what", "files a second", "s"), lines)


def _of_limit(samples: Round) -> float:
    return samples[BATCH].rate / samples[LIMIT].rate


def _without_start(samples: Round) -> float:
    seconds = samples[BATCH].p50
    return _of_limit(samples) * seconds / (seconds - samples[START].p50)


def _seconds(name: str, samples: Round) -> float:
    return samples[name].p50


def _batch(bench: Bench, folder: Path, files: list[Path]) -> Sample:
    with tempfile.NamedTemporaryFile() as table:
        seconds = _run(bench, "batch", folder, "-o", table.name)
        with Path(table.name).open(newline="") as lines:
            rows = list(csv.DictReader(lines))
    if [row["path"] for row in rows] != [str(file) for file in files]:
        raise Wrong("digits batch: the table has other rows than the folder has files")
    if any(row["error"] for row in rows):
        raise Wrong("digits batch: not every file was read")
    return Sample(rate=len(files) / seconds, p50=seconds, p99=seconds)


def _start(bench: Bench) -> Sample:
    seconds = _run(bench, "health")
    return Sample(rate=1 / seconds, p50=seconds, p99=seconds)


def _run(bench: Bench, *arguments: str | Path) -> float:
    command = [bench.python, "-c", "from digits_client.cli import main; main()", *arguments]
    start = time.perf_counter()
    done = subprocess.run(
        [*command, "--address", bench.server.address], capture_output=True, check=False, text=True
    )
    if done.returncode:
        raise Wrong(f"digits {arguments[0]}: {done.stderr}")
    return time.perf_counter() - start
