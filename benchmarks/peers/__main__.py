"""Measure our server beside other people's, and write benchmarks/PEERS.md.

All serve the same net on the same machine, and take turns in shuffled rounds,
each asked alone with 32 calls in flight. Our rate over each of theirs is taken
by round; figures are medians of the rounds with bootstrap 95 % intervals. Exits
1 when a call fails or a reply is wrong.
"""

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from benchmarks.peers.contest import Contest
from benchmarks.peers.contestants import PEERS
from benchmarks.peers.table import report
from benchmarks.serving import PYTHON, ROOT, origin
from benchmarks.speed.bench import Wrong
from benchmarks.speed.rounds import take

OUTPUT = ROOT / "benchmarks" / "PEERS.md"


def main() -> None:
    """Measure, print the tables and, when nobody is left out, write them."""
    chosen = _parser().parse_args()
    data = Path(chosen.data_dir) if chosen.data_dir else None
    if chosen.output is None and len(set(chosen.only)) == len(_names()):
        chosen.output = OUTPUT
    peers = [peer for peer in PEERS if peer.environment.name in chosen.only]
    try:
        with Contest(chosen.python, data, chosen.seconds) as contest:
            measures = contest.ours() | contest.theirs(peers)
            for measure in measures.values():
                measure()  # what is slow the first time is over then
            rounds = take(measures, chosen.rounds, most_stolen=chosen.steal, note=_note)
            where = origin(contest.address)
    except Wrong as wrong:
        sys.exit(str(wrong))
    text = report(peers, rounds, where, chosen.seconds, OUTPUT)
    print(text)
    if chosen.output:
        chosen.output.write_text(f"{text}\n")


def _names() -> list[str]:
    return list(dict.fromkeys(peer.environment.name for peer in PEERS))


def _parser() -> argparse.ArgumentParser:
    names = _names()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--python", type=Path, default=PYTHON, help="of our server")
    parser.add_argument("--data-dir", default=os.environ.get("DIGITS_DATA_DIR"))
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, metavar="PEER", help=", ".join(names)
    )
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=2.0, help="of a measure in a round")
    parser.add_argument(
        "--steal", type=float, default=0.02, help="the most of a round that may be stolen, 0 to 1"
    )
    parser.add_argument("--output", type=Path, help="PEERS.md, when nobody is left out")
    return parser


_note = partial(print, file=sys.stderr, flush=True)

if __name__ == "__main__":
    main()
