"""Whether a difference is one, and how far a share may be off."""

import numpy as np
from numpy.typing import NDArray


def mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's exact test of two models on the same pictures: its two-sided p-value, 0 to 1.

    `only_first` pictures are answered rightly by the first model alone,
    `only_second` by the second alone. Were the models equally good, each of
    these would be a toss of a coin (McNemar 1947, with the exact binomial).
    """
    tosses = only_first + only_second
    ways = tail = 1
    for heads in range(min(only_first, only_second)):
        ways = ways * (tosses - heads) // (heads + 1)
        tail += ways
    return min(1.0, 2 * tail / 2**tosses)


def bootstrap_interval(
    right: NDArray[np.bool_], groups: NDArray[np.str_], draws: int = 2_000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of the share of `right` bool[N] when whole groups are drawn anew.

    Pictures of one source share its pen, paper and camera, so it is sources
    that chance hands out: `draws` times as many groups as there are are drawn
    with replacement (a cluster bootstrap; Efron and Tibshirani 1993, percentile interval).
    """
    _, member = np.unique(groups, return_inverse=True)
    sizes = np.bincount(member)
    hits = np.bincount(member, weights=right)
    drawn = np.random.default_rng(seed).integers(0, len(sizes), (draws, len(sizes)))
    low, high = np.quantile(hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)
