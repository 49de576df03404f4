"""Fails when serving has become much slower, beside the limits that this machine has meanwhile.

Short runs are repeated until one is good, and much of the share of the limit that
was stored may be missing: a busy machine passes, a lost optimisation does not.
`--store` writes the shares of this machine into benchmarks/guard.json.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TypeAlias

from benchmarks.serving import ROOT, cores
from benchmarks.speed.bench import Bench, Wrong
from benchmarks.speed.payload import PNG, RAW
from benchmarks.speed.predict import loaded, of_limit
from benchmarks.speed.rounds import Measure, Round, take

STORED = ROOT / "benchmarks" / "guard.json"
LEAST = 0.6
"""Of what is stored."""
RUNS, ROUNDS, SECONDS = 5, 4, 0.4

Share: TypeAlias = Mapping[str, float]


def main() -> None:
    """Measure, print, and exit 1 for less than is wanted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.guard", description=__doc__)
    parser.add_argument("--store", action="store_true", help="store the median run of this machine")
    store = parser.parse_args().store
    try:
        # Drawings, as these are the same everywhere.
        with Bench(Path(sys.executable), data=None, workers=cores(), seconds=SECONDS) as bench:
            runs = _runs(loaded(bench))
            _store(list(runs)) if store else _check(runs)
    except Wrong as wrong:
        sys.exit(str(wrong))


def quickest(rounds: Sequence[Round]) -> Round:
    """The best of each measure: what else the machine does only slows."""
    return {
        name: max((samples[name] for samples in rounds), key=lambda sample: sample.rate)
        for name in rounds[0]
    }


def missing(share: Share, stored: Share) -> list[str]:
    """The payloads with less than is wanted of what is stored."""
    return [name for name in stored if share[name] < LEAST * stored[name]]


def _runs(measures: Mapping[str, Measure]) -> Iterator[Share]:
    for _ in range(RUNS):
        samples = quickest(take(measures, ROUNDS, most_stolen=1.0).kept)
        share = {name: of_limit(name, samples) for name in (RAW, PNG)}
        print("; ".join(f"Predict, {name}: {of:.2f} of the limit" for name, of in share.items()))
        yield share


def _check(runs: Iterable[Share]) -> None:
    stored = json.loads(STORED.read_text())
    if all(missing(share, stored) for share in runs):
        sys.exit(
            f"Serving has become slower: less than {LEAST} of {stored} in every run. "
            "See `python -m benchmarks.speed --only predict`."
        )


def _store(runs: Sequence[Share]) -> None:
    shares = {name: round(median(run[name] for run in runs), 3) for name in runs[0]}
    STORED.write_text(json.dumps(shares, indent=2) + "\n")


if __name__ == "__main__":
    main()
