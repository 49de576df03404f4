"""What speaks for and against an answer: the features of the rule that accepts it."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from digits_core.image import Normalized
from digits_core.image.frame import SIDE

# Beyond these odds a score says nothing more: float32 logits end here.
_MOST = 1e-6


def features(seen: Normalized, scores: NDArray[np.float64]) -> dict[str, float]:
    """The features of one answer, by the names that a manifest's coefficients have.

    `scores` float64[11] are calibrated probabilities, "not a digit" the last.
    `digit_score` is the log-odds that it is one digit, `margin` the log-ratio of
    the best digit's score to the second's; lengths and counts come as natural
    logarithms, shares as they are. `bar` is 1 for a 1 that two borders cut off,
    which may as well be a line of the paper, a stripe, or an edge.
    """
    # Lists, as numpy takes longer over eleven numbers than Python does.
    *digits, other = scores.tolist()
    *_, second, first = sorted(digits)
    digit_score = min(max(1 - other, _MOST), 1 - _MOST)
    traits = seen.traits
    return {
        "digit_score": math.log(digit_score / (1 - digit_score)),
        "margin": math.log(max(first, _MOST) / max(second, _MOST)),
        "contrast": math.log(max(seen.contrast, 1.0)),
        "dropped": traits.dropped,
        "others": math.log1p(traits.others),
        "components": math.log(max(traits.components, 1)),
        "stroke": traits.stroke,
        "size": math.log(max(traits.size, 1.0)),
        "aspect": traits.aspect,
        "cut_off": traits.cut_off,
        "along": traits.along,
        "bar": traits.cut_off * (digits.index(first) == 1),
        "second_thought": traits.second_thought,
    }


def chance(values: Mapping[str, float], weights: Mapping[str, float], intercept: float) -> float:
    """The logistic rule's chance, 0 to 1, that a digit is there and answered rightly.

    `weights` names the features that count; raises `KeyError` for one that is unknown.
    """
    total = intercept + sum(weight * values[name] for name, weight in weights.items())
    return 1 / (1 + math.exp(-min(max(total, -700.0), 700.0)))


def surely(
    box: NDArray[np.int32],
    contrast: NDArray[np.float64],
    scores: NDArray[np.float64],
    weights: Mapping[str, float],
    intercept: float,
) -> NDArray[np.float64]:
    """What `chance` gives at least for N pictures of values, each in one piece, for any stroke.

    `box` [N, 4] is left, top, right, bottom; `contrast` [N] in grey levels,
    `scores` [N, 11] as `features` takes them. It spares measuring the strokes of
    all that are clear.
    """
    width, height = (box[:, 2:] - box[:, :2]).T
    reached = np.concatenate([box[:, :2] == 0, box[:, 2:] == SIDE], axis=1)
    cut_off = reached.sum(axis=1) >= 2
    longer, shorter = np.maximum(width, height), np.minimum(width, height)
    aspect = shorter / np.maximum(longer, 1)
    best = np.partition(scores[:, :-1], -2, axis=1)
    digit_score = np.clip(1 - scores[:, -1], _MOST, 1 - _MOST)
    values = {
        "digit_score": np.log(digit_score / (1 - digit_score)),
        "margin": np.log(np.maximum(best[:, -1], _MOST) / np.maximum(best[:, -2], _MOST)),
        "contrast": np.log(np.maximum(contrast, 1.0)),
        # In each row and each column of it a stroke has two ends: none is wider than the digit.
        "stroke": aspect if weights.get("stroke", 0.0) < 0 else np.zeros_like(aspect),
        "size": np.log(np.maximum(longer, 1)),
        "aspect": aspect,
        "cut_off": cut_off,
        # No more of a border is covered than the box has of it.
        "along": _second(reached * np.stack([height, width, height, width], axis=1) / SIDE)
        if weights.get("along", 0.0) < 0
        else np.zeros_like(aspect),
        "bar": cut_off & (scores[:, :-1].argmax(axis=1) == 1),
    }
    # The other features are 0 for a single piece that was not normalised.
    total = intercept + sum(weights[name] * values[name] for name in values if name in weights)
    return 1 / (1 + np.exp(-np.clip(total, -700.0, 700.0)))


def _second(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The second largest of each row of float64[N, K]."""
    second: NDArray[np.float64] = np.partition(rows, -2, axis=1)[:, -2]
    return second


NAMES = (
    "digit_score",
    "margin",
    "contrast",
    "dropped",
    "others",
    "components",
    "stroke",
    "size",
    "aspect",
    "cut_off",
    "along",
    "bar",
    "second_thought",
)
"""The names of all features."""
