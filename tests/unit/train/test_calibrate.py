"""The fitted temperature."""

import numpy as np
import pytest
from digits_train.calibrate import fit_temperature
from numpy.typing import NDArray


def sample(temperature: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits, and labels drawn with the probabilities softmax(logits / temperature)."""
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, (8_000, 11))
    noise = rng.gumbel(size=logits.shape)
    return logits, (logits / temperature + noise).argmax(axis=1)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_recovers_the_temperature(temperature: float) -> None:
    """Labels drawn at a temperature are fitted by it."""
    assert fit_temperature(*sample(temperature)) == pytest.approx(temperature, rel=0.05)


def test_weights_count() -> None:
    """Of two samples at different temperatures the heavier one pulls the fit to itself."""
    cold, cold_labels = sample(0.5)
    warm, warm_labels = sample(2.0)
    logits, labels = np.concatenate([cold, warm]), np.append(cold_labels, warm_labels)
    weights = np.repeat([1.0, 0.001], len(cold))

    assert fit_temperature(logits, labels, weights) == pytest.approx(0.5, rel=0.1)
    assert fit_temperature(logits, labels, weights[::-1]) == pytest.approx(2.0, rel=0.1)
