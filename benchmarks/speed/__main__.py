"""Measure the speed of digits beside the limits of this machine.

All of it is written to benchmarks/RESULTS.md, parts of it only where `--output` says.
What is compared takes turns in shuffled rounds; figures are medians of the
rounds with bootstrap 95 % intervals. Exits 1 when a reply is wrong, or when the
server counted other calls than the load generator.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.serving import PYTHON, ROOT, cores, origin
from benchmarks.speed import arrivals, batch, costs, folder, gateway, predict, sizes, startup
from benchmarks.speed.bench import Bench, Wrong
from benchmarks.speed.report import Section, promises
from benchmarks.speed.rounds import Measure, Rounds, take

RESULTS = ROOT / "benchmarks" / "RESULTS.md"
PARTS = ("predict", "batch", "gateway", "folder", "sizes", "startup", "arrivals", "costs")


def main() -> None:
    """Measure the chosen parts, print the report and write it."""
    chosen = _parser().parse_args()
    if chosen.output is None and set(chosen.only) == set(PARTS):
        chosen.output = RESULTS
    data = Path(chosen.data_dir) if chosen.data_dir else None
    with Bench(chosen.python, data, chosen.workers, chosen.seconds) as bench:
        head = _head(bench, chosen)
        try:
            sections, rounds = _sections(bench, chosen)
        except Wrong as wrong:
            sys.exit(str(wrong))
    text = "\n\n".join(
        [*head, *_counted(rounds), promises(sections), *(section.text() for section in sections)]
    )
    print(text)
    if chosen.output:
        chosen.output.write_text(f"{text}\n")


def _sections(bench: Bench, chosen: argparse.Namespace) -> tuple[list[Section], Rounds | None]:
    """Take the rounds of all that takes turns, then what stands alone."""
    in_turns: dict[str, tuple[Callable[[Bench], dict[str, Measure]], Callable[[Rounds], Section]]]
    in_turns = {
        "predict": (predict.measures, predict.report),
        "batch": (batch.measures, batch.report),
        "gateway": (gateway.measures, gateway.report),
        "folder": (partial(folder.measures, count=chosen.files), folder.report),
        "sizes": (sizes.measures, sizes.report),
    }
    alone: dict[str, Callable[[Bench], Section]] = {
        "startup": partial(startup.report, starts=chosen.rounds),
        "arrivals": partial(arrivals.report, seconds=chosen.arrivals),
        "costs": lambda bench: costs.report(bench.data),
    }
    taking = [in_turns[part] for part in in_turns if part in chosen.only]
    measures = {
        name: measure for measured, _ in taking for name, measure in measured(bench).items()
    }
    rounds = None
    if measures:
        rounds = take(measures, chosen.rounds, most_stolen=chosen.steal, note=_note)
    sections = [report(rounds) for _, report in taking if rounds]
    sections += [alone[part](bench) for part in alone if part in chosen.only]
    return sections, rounds


def _head(bench: Bench, chosen: argparse.Namespace) -> Sequence[str]:
    return (
        "# Speed",
        (
            f"`make bench` wrote this: {origin(bench.server.address)}; commit {_commit()}; "
            f"load average before {os.getloadavg()[0]:.1f}."
        ),
        (
            f"{bench.server.workers} process(es) of the server and of the no-op server, {cores()} "
            f"in process; {chosen.seconds:g} s a measure and round; 8 connections; pictures from "
            f"{'MNIST' if bench.data else 'strokes of our own'}."
        ),
    )


def _counted(rounds: Rounds | None) -> Sequence[str]:
    if rounds is None:
        return ()
    counted = f"{len(rounds.kept)} rounds count, {rounds.dropped} were dropped for stolen time."
    return (f"{counted} Every one was, so these are they." if rounds.all_dropped else counted,)


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", ROOT, *arguments],  # noqa: S607 - the one on the path
            capture_output=True,
            check=False,
            text=True,
        ).stdout.strip()

    changed = git("status", "--porcelain", "--", ".", f":!{RESULTS}")
    return f"{git('rev-parse', '--short=12', 'HEAD')}{' and changes' if changed else ''}"


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--python", type=Path, default=PYTHON, help="of server and command")
    parser.add_argument("--data-dir", default=os.environ.get("DIGITS_DATA_DIR"))
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS)
    )
    parser.add_argument("--workers", type=int, default=cores(), help="of the server")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=1.2, help="of a measure in a round")
    parser.add_argument("--files", type=int, default=10_000, help="in the folder")
    parser.add_argument("--arrivals", type=float, default=60.0, help="seconds at half the peak")
    parser.add_argument(
        "--steal", type=float, default=0.02, help="the most of a round that may be stolen, 0 to 1"
    )
    parser.add_argument("--output", type=Path, help="RESULTS.md, when nothing is left out")
    return parser


if __name__ == "__main__":
    main()
