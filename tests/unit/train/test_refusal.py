"""The learnt rule of acceptance."""

from collections.abc import Sequence

import numpy as np
import pytest
from digits_core import Normalized, Prediction, Rejection, Traits
from digits_core.acceptance import features
from digits_train.answers import Shown
from digits_train.logistic import sigmoid
from digits_train.refusal import PHOTOS_REFUSED, PLAIN_REFUSED, Examples, Rule, examples, learn
from numpy.typing import NDArray

NAMES = ("margin", "dropped")


def photos(seed: int, count: int, others: float = 0.3, wrong: float = 0.02) -> Examples:
    """Digits of high margin, but for a share `wrong` read rightly, among a share of `others`."""
    rng = np.random.default_rng(seed)
    digit = rng.random(count) >= others
    right = digit & (rng.random(count) >= wrong)
    margin = rng.normal(np.where(right, 6, np.where(digit, 1, 0)), 1.5)
    dropped = rng.uniform(0, np.where(digit, 0.1, 0.4))
    return Examples(NAMES, np.column_stack([margin, dropped]), digit, right)


def plain(seed: int, count: int) -> Examples:
    """Digits alone, as clean as MNIST's."""
    return photos(seed, count, others=0.0, wrong=0.001)


def accepted(rule: Rule, given: Examples) -> NDArray[np.bool_]:
    """The rule, worked out by hand."""
    weights = np.array([rule.coefficients[name] for name in NAMES])
    return sigmoid(given.rows @ weights + rule.intercept) >= rule.threshold


@pytest.fixture(scope="module")
def rule() -> Rule:
    """Learnt from 6,000 photographed and 4,000 plain pictures."""
    return learn(photos(1, 6_000), plain(2, 4_000))


def test_refuses_what_is_no_digit(rule: Rule) -> None:
    """Of unseen pictures most non-digits and most wrong answers are refused."""
    unseen = photos(3, 20_000)
    taken = accepted(rule, unseen)

    assert taken[~unseen.digit].mean() < 0.1
    assert taken[unseen.digit & ~unseen.right].mean() < 0.5
    assert rule.coefficients["margin"] > 0 > rule.coefficients["dropped"]


def test_keeps_within_both_allowances(rule: Rule) -> None:
    """No more digits are refused than is allowed, and of one kind just as many."""
    seen = photos(1, 6_000)
    refused_photos = (~accepted(rule, seen))[seen.right].mean()
    refused_plain = (~accepted(rule, plain(2, 4_000))).mean()

    assert refused_photos <= PHOTOS_REFUSED
    assert refused_plain <= PLAIN_REFUSED
    assert max(refused_photos - PHOTOS_REFUSED, refused_plain - PLAIN_REFUSED) > -1e-3


SCORES = np.array([0.01, 0.02, 0.6, 0.05, 0.02, 0.05, 0.02, 0.02, 0.05, 0.06, 0.1])


def seen(shade: int, size: float, *alternatives: Normalized) -> Normalized:
    """A picture of one shade all over."""
    pixels = np.full((28, 28), shade, np.uint8)
    return Normalized(pixels, 1, 90.0, Traits(0.1, 0, 2, 0.15, size, 0.6), alternatives)


class SecondSight:
    """Reads a 2 in the last reading of each picture, and refuses black ones."""

    def recognize(self, pictures: Sequence[Normalized]) -> list[Prediction]:
        return [self._read((item, *item.alternatives)[-1]) for item in pictures]

    def _read(self, reading: Normalized) -> Prediction:
        reason = None if reading.pixels.any() else Rejection.BLANK
        digits = SCORES[:10] / SCORES[:10].sum()
        return Prediction(
            digit=2 if reason is None else None,
            confidence=0.6,
            probabilities=tuple(digits.tolist()),
            digit_score=0.9,
            accepted=reason is None,
            reason=reason,
            model="fake",
            model_version="1",
            normalized=reading.pixels,
            digit_count=reading.digit_count,
        )


def test_examples_are_of_the_reading_that_was_answered() -> None:
    """Features come from the reading taken and its scores; what is refused anyway is left out."""
    other = seen(50, 80.0)
    shown = Shown([seen(200, 30.0, other), seen(0, 30.0), seen(90, 40.0)], [2, 2, None])
    found = examples(SecondSight(), shown)

    wanted = [features(other, SCORES), features(shown.seen[2], SCORES)]
    assert found.names == list(wanted[0])
    assert found.rows == pytest.approx(np.array([list(row.values()) for row in wanted]))
    assert found.digit.tolist() == [True, False]
    assert found.right.tolist() == [True, False]
