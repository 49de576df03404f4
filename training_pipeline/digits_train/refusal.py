"""When an answer is refused: learnt from answers to validation pictures.

The rule is a logistic one: of a few features of a picture and its scores it
makes the chance that a digit is there and answered rightly, and from a
threshold on the answer is accepted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from digits_core import Normalized, Prediction, Recognizer
from digits_core.acceptance import features
from numpy.typing import NDArray

from digits_train import logistic
from digits_train.answers import Shown, predictions

PLAIN_REFUSED = 0.0018
"""The share of plain digits that may be refused: 0.3 % are promised, the rest is for chance."""
PHOTOS_REFUSED = 0.03
"""The share of rightly answered photographed digits that may be refused: ours are hard ones."""


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


def examples(recognizer: Recognizer, shown: Shown) -> Examples:
    """The answers to `shown` that `recognizer`, who knows no rule yet, accepts."""
    found: list[dict[str, float]] = []
    labels, digits = [], []
    for seen, label, answer in zip(
        shown.seen, shown.labels, predictions(recognizer, shown), strict=True
    ):
        if isinstance(seen, Normalized) and isinstance(answer, Prediction) and answer.accepted:
            found.append(features(_reading(seen, answer), _scores(answer)))
            labels.append(-1 if label is None else label)
            digits.append(answer.digit)
    return Examples(
        names=list(found[0]),
        rows=np.array([list(row.values()) for row in found]),
        digit=np.array(labels) >= 0,
        right=np.array(labels) == np.array(digits),
    )


def learn(photos: Examples, plain: Examples) -> Rule:
    """Fit the rule and set its threshold on both.

    Digits that are answered rightly are to be accepted, wrong answers and what
    is no digit refused. The threshold is the highest,
    so the most non-digits are refused, at which no more than
    `PHOTOS_REFUSED` of the rightly answered photographed digits and
    `PLAIN_REFUSED` of all plain digits are.
    """
    weights, intercept = logistic.fit(
        np.concatenate([photos.rows, plain.rows]), np.concatenate([photos.right, plain.right])
    )

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


def _reading(seen: Normalized, answer: Prediction) -> Normalized:
    """The reading of the picture that was answered."""
    return next(
        reading
        for reading in (seen, *seen.alternatives)
        if np.array_equal(reading.pixels, answer.normalized)
        and reading.digit_count == answer.digit_count
    )


def _scores(answer: Prediction) -> NDArray[np.float64]:
    """The eleven scores that an answer was made of."""
    digits = np.array(answer.probabilities) * answer.digit_score
    return np.append(digits, 1 - answer.digit_score)
