"""What came of it, as Markdown."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from digits_train import git

from benchmarks.peers.contest import CONCURRENCY
from benchmarks.peers.contestants import WORKERS, Peer
from benchmarks.peers.environment import ROOT
from benchmarks.speed.payload import PNG, RAW
from benchmarks.speed.report import Section, promise, promises, ranged
from benchmarks.speed.rounds import Round, Rounds

HEAD = ("server", "asked with", "a second", "p50 ms", "p99 ms", "processor us a picture")
NOTE = f"""\
Every server runs {WORKERS} processes (Triton: instances of the model) unless it says otherwise,
with one thread of onnxruntime (Keras: TensorFlow) each, set for throughput as its documentation
advises; `benchmarks/peers/` has the settings. {CONCURRENCY} calls are in flight, their bodies
serialized before.

Ours normalises a picture, or measures the strokes of what was sent as values, calibrates, and
judges whether it is a digit at all; the peers answer with bare logits, and those that take files
make them grey, resize and invert them. Ours is asked over gRPC throughout, MLServer and Triton over
gRPC (KServe v2, UINT8), FastAPI with the file as the body. The net of Keras is the same, but
untrained, which does not change its speed."""


def report(peers: Sequence[Peer], rounds: Rounds, where: str, seconds: float, output: Path) -> str:
    """The promises, and the figures behind them."""
    rows = [
        promise(
            f"Ours over {peer.name}, {peer.asked}",
            len(rounds.kept),
            rounds.each(partial(_over, peer)),
            peer.least,
            peer.aim,
            unit="x",
        )
        for peer in peers
    ]
    asked = {name: f"{name}, gRPC" for name in (RAW, PNG)}
    lines = [_line(rounds, name, "ours", asked[name]) for name in asked]
    lines += [_line(rounds, peer.name, _versions(peer), _asked(peer)) for peer in peers]
    section = Section("Rates", rows, HEAD, lines, NOTE)
    counted = f"{len(rounds.kept)} shuffled rounds of {seconds:g} s a server count"
    dropped = f"{rounds.dropped} were dropped for stolen time"
    if rounds.all_dropped:
        dropped = "as all were dropped for stolen time"
    head = (
        "# Ours beside other people's servers",
        f"`make bench-peers` wrote this: {where}; commit {_commit(output)}.",
        f"{counted}, {dropped}.",
    )
    return "\n\n".join([*head, promises([section]), section.text()])


def _over(peer: Peer, samples: Round) -> float:
    return samples[peer.asked].rate / samples[peer.name].rate


def _asked(peer: Peer) -> str:
    return f"{peer.asked}, {'gRPC' if peer.asked == RAW else 'HTTP'}"


def _versions(peer: Peer) -> str:
    return f"{peer.name} ({peer.environment.versions(peer.packages)})"


def _line(rounds: Rounds, name: str, label: str, asked: str) -> tuple[str, ...]:
    return (
        label,
        asked,
        ranged(rounds.rate(name)),
        ranged(rounds.each(lambda samples: samples[name].p50), 1e3, 1),
        ranged(rounds.each(lambda samples: samples[name].p99), 1e3, 1),
        ranged(rounds.each(lambda samples: samples[name].server_cpu), 1e6),
    )


def _commit(output: Path) -> str:
    changed = git.changed(ROOT, besides=output)
    return f"{git.head(ROOT)[:12]}{' and changes' if changed else ''}"
