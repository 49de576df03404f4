"""Figures of merit for answers that are probabilities.

Everywhere: `probabilities` float[N, C], rows summing to 1; `labels` int[N] in 0 to C - 1.
"""

import math

import numpy as np
from numpy.typing import NDArray

_TINY = 1e-12


def accuracy(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """The share of rows whose largest entry is the label's, 0 to 1."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def expected_calibration_error(
    probabilities: NDArray[np.floating], labels: NDArray[np.integer], bins: int = 15
) -> float:
    """The mean gap between confidence and accuracy over equal-width bins, 0 to 1.

    Naeini et al. 2015; 15 bins as in Guo et al. 2017.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def negative_log_likelihood(
    probabilities: NDArray[np.floating], labels: NDArray[np.integer]
) -> float:
    """The mean of -log p(label), in nats, 0 or more."""
    given = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(given, _TINY)).mean())


def brier(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """The mean squared distance to the one-hot label, 0 to 2 (Brier 1950)."""
    wanted = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - wanted) ** 2).sum(axis=1).mean())


def wilson_interval(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """The interval for a share of `hits` in `total`, 95 % at the default z (Wilson 1927)."""
    share = hits / total
    centre = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
