"""Calibration bands, risk against coverage, and operating points."""

import numpy as np
import pytest
from digits_core.metrics import expected_calibration_error
from digits_train.reliability import (
    Operating,
    calibration_band,
    calibration_error,
    from_confidence,
    operating_point,
    risk_coverage,
)
from numpy.typing import NDArray

FEW = np.array([0.9, 0.6, 0.99, 0.6, 0.8])
FEW_RIGHT = np.array([True, True, True, False, False])


def honest(count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Confidences as a good net has them, and answers that are right just as often."""
    rng = np.random.default_rng(seed)
    confidence = 1 - 0.6 * rng.beta(0.05, 2, count)
    return confidence, rng.random(count) < confidence


def test_calibration_error_is_that_of_whole_rows() -> None:
    """Of three classes with rows of scores, the error is the one of the largest scores."""
    rng = np.random.default_rng(3)
    scores = rng.dirichlet((1, 1, 1), 400)
    labels = rng.integers(0, 3, 400)

    found = calibration_error(scores.max(axis=1), scores.argmax(axis=1) == labels)
    assert found == pytest.approx(expected_calibration_error(scores, labels))


def test_an_honest_model_lies_within_the_band() -> None:
    """About 95 in 100 honest models have an error within their band."""
    inside = []
    for seed in range(60):
        confidence, right = honest(800, seed)
        band = calibration_band(confidence, draws=200, seed=seed + 1_000)
        inside.append(band.low <= calibration_error(confidence, right) <= band.high)

    assert np.mean(inside) >= 0.85


@pytest.mark.parametrize("doubt", [1.6, 0.4], ids=["too shy", "too bold"])
def test_a_dishonest_model_lies_above_the_band(doubt: float) -> None:
    """Doubts of more or less than half what they should be show on 5,000 answers."""
    confidence, right = honest(5_000, 1)
    told = 1 - doubt * (1 - confidence)

    assert calibration_error(told, right) > calibration_band(told, draws=200).high


def test_risk_coverage() -> None:
    """From the surest answer to all; equal confidences come in together."""
    assert risk_coverage(FEW, FEW_RIGHT) == [
        Operating(0.99, 0.2, 0.0),
        Operating(0.9, 0.4, 0.0),
        Operating(0.8, 0.6, pytest.approx(1 / 3)),
        Operating(0.6, 1.0, pytest.approx(2 / 5)),
    ]


@pytest.mark.parametrize(
    ("risk", "confidence", "coverage"),
    [(0.0, 0.9, 0.4), (0.35, 0.8, 0.6), (0.5, 0.6, 1.0)],
)
def test_operating_point(risk: float, confidence: float, coverage: float) -> None:
    """The most answers whose wrong share is within the risk."""
    found = operating_point(FEW, FEW_RIGHT, risk)

    assert (found.confidence, found.coverage) == (confidence, coverage)


def test_no_operating_point() -> None:
    """Where the surest answer is wrong, none is accepted."""
    found = operating_point(FEW, ~FEW_RIGHT, 0.1)

    assert found.coverage == 0
    assert from_confidence(FEW, ~FEW_RIGHT, found.confidence) == found


def test_from_confidence() -> None:
    """A threshold chosen elsewhere is counted on these answers."""
    assert from_confidence(FEW, FEW_RIGHT, 0.7) == Operating(0.7, 0.6, pytest.approx(1 / 3))
