"""The fitted temperature."""

import numpy as np
import pytest
from digits_train.calibrate import fit_bias, fit_temperature, odds
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


@pytest.mark.parametrize("share", [0.01, 0.3])
def test_others_are_believed_as_often_as_there_are(share: float) -> None:
    """With the bias, the mean chance of "not a digit" is its share, whatever training's was."""
    rng = np.random.default_rng(3)
    digits, others = rng.normal(-4, 2, 2_000), rng.normal(4, 2, 1_000)

    bias = fit_bias(digits, others, np.ones(len(digits)), share)

    of_digits, of_others = (1 / (1 + np.exp(-(part + bias))) for part in (digits, others))
    assert (1 - share) * of_digits.mean() + share * of_others.mean() == pytest.approx(
        share, rel=0.01
    )


def test_odds_are_those_of_the_softmax() -> None:
    """The logarithm of the last class's probability over all the others' together."""
    logits, _ = sample(1.0)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

    assert odds(logits) == pytest.approx(np.log(chances[:, -1] / (1 - chances[:, -1])))


def test_the_bias_takes_part_in_the_temperature() -> None:
    """Labels drawn with a bias for the last class are fitted by their temperature."""
    rng = np.random.default_rng(6)
    logits = rng.normal(0, 3, (8_000, 11))
    biased = logits / 1.5
    biased[:, -1] += 3
    labels = (biased + rng.gumbel(size=logits.shape)).argmax(axis=1)

    assert fit_temperature(logits, labels, bias=3.0) == pytest.approx(1.5, rel=0.05)
