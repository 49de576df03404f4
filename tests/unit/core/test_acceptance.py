"""What speaks for and against an answer."""

import numpy as np
import pytest
from digits_core.acceptance import NAMES, chance, features, surely
from digits_core.image import Normalized, Traits
from numpy.typing import NDArray


def scores(digit: int) -> NDArray[np.float64]:
    """Nine tenths for one digit, float64[11]."""
    given = np.full(11, 0.01)
    given[digit] = 0.9
    return given


def seen(cut_off: int) -> Normalized:
    """A narrow digit, which two borders of its picture may cut off."""
    traits = Traits(components=1, stroke=0.2, size=28, aspect=0.25, cut_off=cut_off)
    return Normalized(np.zeros((28, 28), np.uint8), 1, 200.0, traits)


@pytest.mark.parametrize(
    ("digit", "cut_off", "bar"),
    [
        pytest.param(1, 1, 1, id="from border to border"),
        pytest.param(1, 0, 0, id="with paper round it"),
        pytest.param(7, 1, 0, id="another digit"),
    ],
)
def test_a_one_from_border_to_border_may_be_a_line(digit: int, cut_off: int, bar: int) -> None:
    """Only of a 1 nobody can tell."""
    values = features(seen(cut_off), scores(digit))

    assert values["bar"] == bar
    assert tuple(values) == NAMES


@pytest.mark.parametrize("digit", [1, 7])
@pytest.mark.parametrize("top", [0, 4])
@pytest.mark.parametrize("weight", [-3.0, 3.0])
def test_what_is_sure_for_any_stroke(digit: int, top: int, weight: float) -> None:
    """The quick bound is never above what the features of the same picture give."""
    weights = {"bar": weight, "cut_off": weight, "along": weight, "stroke": weight, "margin": 0.5}
    box = np.array([[10, top, 17, 28]], np.int32)
    least = surely(box, np.array([200.0]), scores(digit)[None], weights, 0.0)
    traits = Traits(
        components=1,
        stroke=0.2,
        size=28 - top,
        aspect=0.25,
        cut_off=int(top == 0),
        along=5 / 28 if top == 0 else 0.0,
    )
    shown = Normalized(np.zeros((28, 28), np.uint8), 1, 200.0, traits)
    exactly = chance(features(shown, scores(digit)), weights, 0.0)

    assert 0 < least[0] <= exactly
