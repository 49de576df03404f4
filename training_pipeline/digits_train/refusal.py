"""When an answer is refused: learnt from answers to validation pictures.

The rule is a logistic one: of a few features of a picture and its scores it
makes the chance that a digit is there and answered rightly, and from a
threshold on the answer is accepted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits_train import logistic

PLAIN_REFUSED = 0.002
"""The share of plain digits that may be refused: 0.3 % are promised, the rest is for chance."""
PHOTOS_REFUSED = 0.01
"""The share of rightly answered photographed digits that may be refused."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Answers with the features that speak for or against each.

    `rows` float64[N, K] holds the features `names`; `digit` bool[N] says that
    the picture shows a digit, `right` bool[N] that it was answered.
    """

    names: Sequence[str]
    rows: NDArray[np.float64]
    digit: NDArray[np.bool_]
    right: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rule:
    """Accepts where the sigmoid of intercept + coefficients x features reaches `threshold`."""

    coefficients: Mapping[str, float]
    intercept: float
    threshold: float


def learn(photos: Examples, plain: Examples) -> Rule:
    """Fit the rule on `photos`, set the threshold on both.

    Photographed digits that are answered rightly are to be accepted, their
    wrong answers and what is no digit refused. The threshold is the highest,
    so the most non-digits are refused, at which no more than
    `PHOTOS_REFUSED` of the rightly answered photographed digits and
    `PLAIN_REFUSED` of all plain digits are.
    """
    weights, intercept = logistic.fit(photos.rows, photos.right)

    def chances(examples: Examples, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        return logistic.sigmoid(examples.rows[chosen] @ weights + intercept)

    threshold = min(
        lowest_kept(chances(photos, photos.right), PHOTOS_REFUSED),
        lowest_kept(chances(plain, plain.digit), PLAIN_REFUSED),
    )
    coefficients = dict(zip(photos.names, weights.tolist(), strict=True))
    return Rule(coefficients, intercept, threshold)


def lowest_kept(values: NDArray[np.floating], refused: float) -> float:
    """The value that at most a share `refused` of `values` falls below."""
    return float(np.quantile(values, refused, method="lower"))
