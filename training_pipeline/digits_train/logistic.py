"""Logistic regression: how likely a yes is, given a few figures."""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

PENALTY = 1.0
"""Half the price of a coefficient of 1, on standardised features: that of about one example."""
STEPS = 100
SMALL = 1e-9


def fit(rows: Rows, yes: NDArray[np.bool_], penalty: float = PENALTY) -> tuple[Rows, float]:
    """Coefficients float64[K] and intercept for the raw features of `rows` float64[N, K].

    They minimise the negative log-likelihood plus `penalty` / 2 times the
    squared coefficients of the standardised features (Hastie, Tibshirani and
    Friedman 2009, 4.4), by Newton's method with halved steps where a whole one
    leads uphill. The penalty keeps coefficients finite where the features part
    yes from no completely. A feature that never changes gets 0.
    """
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    design = np.column_stack([(rows - mean) / spread, np.ones(len(rows))])
    prices = np.append(np.full(rows.shape[1], penalty), 0.0)
    signs = np.where(yes, 1.0, -1.0)

    def cost(weights: Rows) -> float:
        losses = np.logaddexp(0, -signs * (design @ weights))
        return float(losses.sum() + prices @ weights**2 / 2)

    weights = np.zeros(design.shape[1])
    # The intercept bears no penalty, but where all answers agree it would run away.
    ridge = np.append(np.zeros(rows.shape[1]), SMALL)
    for _ in range(STEPS):
        likely = sigmoid(design @ weights)
        gradient = design.T @ (likely - yes) + prices * weights
        curvature = (design.T * (likely * (1 - likely))) @ design + np.diag(prices + ridge)
        step = np.linalg.solve(curvature, gradient)
        while cost(weights - step) > cost(weights) + SMALL:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() < SMALL:
            break
    coefficients = weights[:-1] / spread
    return coefficients, float(weights[-1] - coefficients @ mean)


def sigmoid(values: Rows) -> Rows:
    """1 / (1 + exp(-values)), without overflow."""
    return np.exp(-np.logaddexp(0, -values))
