"""Logistic regression by Newton's method."""

import numpy as np
import pytest
from digits_train.logistic import fit, sigmoid

TRUE = np.array([2.0, -0.5, 0.01])
OFFSET = -1.5


def test_recovers_what_drew_the_answers() -> None:
    """Features of very different spread get back the coefficients that drew yes and no."""
    rng = np.random.default_rng(1)
    rows = rng.normal([0, 3, 100], [1, 2, 50], (40_000, 3))
    yes = rng.random(len(rows)) < sigmoid(rows @ TRUE + OFFSET)

    coefficients, intercept = fit(rows, yes)
    assert coefficients == pytest.approx(TRUE, rel=0.1)
    assert intercept == pytest.approx(OFFSET, abs=0.15)


def test_is_the_minimum() -> None:
    """At the solution the penalised likelihood has no slope."""
    rng = np.random.default_rng(2)
    rows = rng.normal(0, 1, (300, 4))
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    yes = rows[:, 0] + rng.normal(0, 1, 300) > 0.3

    coefficients, intercept = fit(rows, yes, penalty=5.0)
    residual = sigmoid(rows @ coefficients + intercept) - yes
    assert rows.T @ residual + 5.0 * coefficients == pytest.approx(np.zeros(4), abs=1e-6)
    assert residual.sum() == pytest.approx(0, abs=1e-6)


def test_parted_completely() -> None:
    """Features that tell every yes from every no still give finite coefficients."""
    rows = np.linspace(-1, 1, 50)[:, None]
    coefficients, intercept = fit(rows, rows[:, 0] > 0)

    assert 1 < coefficients[0] < 50
    assert intercept == pytest.approx(0, abs=1e-6)


def test_a_feature_that_never_changes() -> None:
    """It gets no say."""
    rng = np.random.default_rng(3)
    rows = np.column_stack([rng.normal(0, 1, 200), np.full(200, 7.0)])

    coefficients, _ = fit(rows, rows[:, 0] > 0.5)
    assert coefficients[1] == 0


def test_no_overflow() -> None:
    """The sigmoid of very large values is 0 or 1."""
    assert sigmoid(np.array([-1e4, 0, 1e4])) == pytest.approx([0, 0.5, 1])
