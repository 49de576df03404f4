"""Figures of merit against values worked out by hand."""

import numpy as np
import pytest
from digits_core import metrics

PROBABILITIES = np.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7], [0.1, 0.9]])
LABELS = np.array([0, 1, 1, 1])


def test_accuracy() -> None:
    """Three of four."""
    assert metrics.accuracy(PROBABILITIES, LABELS) == 0.75


def test_expected_calibration_error() -> None:
    """|1 - .8| + |0 - .6| + |1 - .7| + |1 - .9|, each in a bin of its own, over 4."""
    assert metrics.expected_calibration_error(PROBABILITIES, LABELS) == pytest.approx(0.3)


def test_a_certain_and_right_model_is_calibrated() -> None:
    """Confidence 1 falls into the last bin and leaves no gap."""
    assert metrics.expected_calibration_error(np.eye(10), np.arange(10)) == 0


def test_negative_log_likelihood() -> None:
    """The mean of the labels' logarithms; a zero stays finite."""
    wanted = -np.log([0.8, 0.4, 0.7, 0.9]).mean()

    assert metrics.negative_log_likelihood(PROBABILITIES, LABELS) == pytest.approx(wanted)
    assert np.isfinite(metrics.negative_log_likelihood(np.eye(2), np.array([1, 0])))


def test_brier() -> None:
    """The mean of the squared distances to the one-hot labels."""
    assert metrics.brier(PROBABILITIES, LABELS) == pytest.approx((0.08 + 0.72 + 0.18 + 0.02) / 4)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(0, 10, 0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1)],
)
def test_wilson_interval(hits: int, total: int, low: float, high: float) -> None:
    """The textbook's values for ten trials."""
    assert metrics.wilson_interval(hits, total) == pytest.approx((low, high), abs=1e-4)
