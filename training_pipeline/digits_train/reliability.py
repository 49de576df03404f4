"""Whether confidences may be believed, and what it costs to act on them.

Everywhere: `confidence` float[N], 0 to 1, is that of each answer, `right`
bool[N] whether the answer is. An answer nobody would act on, a refused one,
may stand with confidence 0.
"""

from dataclasses import dataclass

import numpy as np
from digits_core.metrics import expected_calibration_error
from numpy.typing import NDArray

Confidence = NDArray[np.floating]
Right = NDArray[np.bool_]

OUT_OF_REACH = float(np.nextafter(1, 2))


@dataclass(frozen=True, slots=True)
class Band:
    """Where the calibration error of a perfectly calibrated model falls 95 times in 100."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Operating:
    """Accept the answers from `confidence` on: a share `coverage`, of which `risk` are wrong."""

    confidence: float
    coverage: float
    risk: float


def calibration_error(confidence: Confidence, right: Right) -> float:
    """The expected calibration error, 0 to 1, of answers whose other scores do not matter."""
    # A single column makes every answer 0; a wrong one's label is another.
    return expected_calibration_error(confidence[:, None], (~right).astype(int))


def calibration_band(confidence: Confidence, draws: int = 1_000, seed: int = 0) -> Band:
    """The central 95 % of calibration errors when each answer is right as often as it says.

    A parametric bootstrap: which answers are right is drawn `draws` times from
    their confidences (consistency bars: Bröcker and Smith 2007). An error
    above the band is the model's fault; below it lies only luck.
    """
    rng = np.random.default_rng(seed)
    errors = [
        calibration_error(confidence, rng.random(len(confidence)) < confidence)
        for _ in range(draws)
    ]
    low, high = np.quantile(errors, [0.025, 0.975])
    return Band(float(low), float(high))


def risk_coverage(confidence: Confidence, right: Right) -> list[Operating]:
    """The risk-coverage curve (El-Yaniv and Wiener 2010), from the surest answers to all.

    One point a distinct confidence: answers of the same confidence are accepted
    together or not at all.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    accepted = np.arange(1, len(order) + 1)
    risk = np.cumsum(~right[order]) / accepted
    last_of_its_kind = np.append(np.flatnonzero(np.diff(sorted_confidence)), len(order) - 1)
    return [
        Operating(float(sorted_confidence[i]), float(accepted[i] / len(order)), float(risk[i]))
        for i in last_of_its_kind
    ]


def operating_point(confidence: Confidence, right: Right, risk: float) -> Operating:
    """The point of most coverage at which at most a share `risk` of the accepted is wrong.

    Where even the surest answers are wrong more often, nothing is accepted:
    a confidence that none reaches, coverage and risk 0.
    """
    within = [point for point in risk_coverage(confidence, right) if point.risk <= risk]
    return within[-1] if within else Operating(OUT_OF_REACH, 0.0, 0.0)


def from_confidence(confidence: Confidence, right: Right, least: float) -> Operating:
    """What accepting from `least` on gives on these answers."""
    accepted = confidence >= least
    wrong = int((~right[accepted]).sum())
    return Operating(
        least, float(accepted.mean()), wrong / int(accepted.sum()) if accepted.any() else 0.0
    )
