"""The arithmetic behind the tables: intervals, limits, shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000


@dataclass(frozen=True)
class Interval:
    """A median of rounds, and between what it lies with 95 % confidence."""

    median: float
    low: float
    high: float


def interval(values: Sequence[float], resamples: int = RESAMPLES) -> Interval:
    """The median with its percentile bootstrap interval (Efron 1979); the same for the same values.

    Rounds are few and skewed by whatever else the machine did: this asks nothing
    of their distribution.
    """
    taken = np.asarray(values, np.float64)
    chosen = np.random.default_rng(0).integers(0, len(taken), (resamples, len(taken)))
    low, high = np.percentile(np.median(taken[chosen], axis=1), [2.5, 97.5])
    return Interval(float(np.median(taken)), float(low), float(high))


def in_turn(no_op: float, in_process: float) -> float:
    """L = 1 / (1/N + 1/P): the rate of a server that does in turn what each limit does alone.

    N calls a second carry the payload and do nothing, P pictures a second are
    recognised without a server, both on the same cores.
    """
    return 1 / (1 / no_op + 1 / in_process)


def busiest(split: Mapping[str, int]) -> float:
    """The share of the calls that the busiest worker answered, 0 to 1."""
    return max(split.values()) / sum(split.values())
