"""Measures that take turns in shuffled rounds: what else the machine does meets all alike."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeAlias

from benchmarks.speed.figures import Interval, busiest, interval
from benchmarks.speed.proc import Ticks


@dataclass(frozen=True)
class Sample:
    """What one measure gave in one round.

    Items (calls, pictures) a second, latencies in seconds, processor seconds an
    item of the server and of the load generator, calls by worker, failed calls.
    """

    rate: float
    p50: float
    p99: float
    server_cpu: float = 0.0
    load_cpu: float = 0.0
    split: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0


Measure: TypeAlias = Callable[[], Sample]
Round: TypeAlias = Mapping[str, Sample]


@dataclass(frozen=True)
class Rounds:
    """The rounds that count, and how many did not as too much time was stolen in them.

    With `all_dropped` none was good enough, and those that count are the dropped.
    """

    kept: Sequence[Round]
    dropped: int = 0
    all_dropped: bool = False

    def each(self, figure: Callable[[Round], float]) -> Interval:
        """The median of a figure of each round."""
        return interval([figure(samples) for samples in self.kept])

    def rate(self, name: str) -> Interval:
        return self.each(lambda samples: samples[name].rate)

    def failed(self, name: str) -> int:
        """The calls that failed in all rounds."""
        return sum(samples[name].failed for samples in self.kept)

    def busiest(self, name: str) -> str:
        """The share of the calls that the busiest worker answered: the median, and the most."""
        shares = [busiest(samples[name].split) for samples in self.kept if samples[name].split]
        return f"{median(shares):.0%}, at most {max(shares):.0%}" if shares else ""


def take(
    measures: Mapping[str, Measure],
    rounds: int,
    *,
    most_stolen: float,
    ticks: Callable[[], Ticks] = Ticks.now,
    note: Callable[[str], None] = lambda _: None,
) -> Rounds:
    """Take rounds until so many count, or twice as many were tried.

    One counts unless more than `most_stolen` of the machine's time, 0 to 1, went
    to its neighbours meanwhile. Should none count, all do.
    """
    order, kept, dropped = random.Random(0), list[Round](), list[Round]()  # noqa: S311
    while len(kept) < rounds and len(kept) + len(dropped) < 2 * rounds:
        before = ticks()
        names = order.sample(list(measures), len(measures))
        samples = {name: measures[name]() for name in names}
        stolen = ticks().stolen_since(before)
        (dropped if stolen > most_stolen else kept).append(samples)
        note(f"round {len(kept) + len(dropped)}: {stolen:.1%} stolen")
    return Rounds(kept or dropped, len(dropped), all_dropped=not kept)
