"""What was refused in doubt is several digits where it is wide and a reader is sure of them."""

from dataclasses import replace

import numpy as np
import pytest
from digits_core import Box, Number, NumberDigit, Prediction, Rejection
from digits_core.reading import counted, glance, may_be_several


def refused(reason: Rejection | None, width: int = 20, height: int = 20) -> Prediction:
    """An answer about ink so wide and high in the 28x28."""
    seen = np.zeros((28, 28), np.uint8)
    seen[4 : 4 + height, 4 : 4 + width] = 255
    return Prediction(
        digit=3,
        confidence=0.1,
        probabilities=(0.1,) * 10,
        digit_score=0.2,
        accepted=reason is None,
        reason=reason,
        model="cnn",
        model_version="1",
        normalized=seen,
        digit_count=1,
    )


def number(*digits: int | None, reason: Rejection | None = None) -> Number:
    """A number of these characters."""
    characters = tuple(
        NumberDigit(digit, 0.9, Box(0, 0, 1, 1), (), accepted=True, row=0) for digit in digits
    )
    return Number("", 0.9, characters, reason)


@pytest.mark.parametrize("reason", [Rejection.NOT_A_DIGIT, Rejection.UNSURE])
def test_digits_that_touch(reason: Rejection) -> None:
    """They are counted, letters among them are not, and all else stays as it was said."""
    answer = refused(reason)

    assert may_be_several(answer)
    assert counted(answer, number(3, None, 5)) == replace(
        answer, reason=Rejection.SEVERAL_DIGITS, digit_count=2
    )


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(refused(None), number(3, 5), id="accepted"),
        pytest.param(refused(Rejection.TOO_FAINT), number(3, 5), id="refused-for-something-else"),
        pytest.param(refused(Rejection.UNSURE, width=8), number(3, 5), id="narrow"),
        pytest.param(refused(Rejection.UNSURE), number(3), id="one-digit"),
        pytest.param(refused(Rejection.UNSURE), number(3, None), id="a-digit-and-a-letter"),
        pytest.param(
            refused(Rejection.UNSURE), number(3, 5, reason=Rejection.UNSURE), id="no-sure-number"
        ),
    ],
)
def test_it_stays_as_it_is(answer: Prediction, found: Number) -> None:
    """Where the reader is not sure of several, or was not in question, nothing changes."""
    assert counted(answer, found) is answer


def test_a_glance_is_small() -> None:
    """Large pictures are looked at smaller, small ones as they are."""
    small = np.zeros((300, 800), np.uint8)

    assert glance(np.zeros((3000, 4000), np.uint8)).shape == (600, 800)
    assert glance(np.zeros((4000, 2), np.uint8)).shape == (800, 1)
    assert glance(small) is small
