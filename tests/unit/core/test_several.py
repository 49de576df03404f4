"""What was refused in doubt is several digits where it is wide and a reader is sure of them."""

from dataclasses import replace

import numpy as np
import pytest
from digits_core import Prediction, Rejection
from digits_core.reading import counted, may_be_several
from digits_core.reading.several import height_of_ink

from tests.readers import bars


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


@pytest.mark.parametrize("reason", [Rejection.NOT_A_DIGIT, Rejection.UNSURE])
def test_digits_that_touch(reason: Rejection) -> None:
    """Doubt gives way to their count, and all else stays as it was said."""
    answer = refused(reason)

    assert may_be_several(answer)
    assert counted(answer, 2) == replace(answer, reason=Rejection.SEVERAL_DIGITS, digit_count=2)


@pytest.mark.parametrize(
    ("answer", "digits"),
    [
        pytest.param(refused(None), 2, id="accepted"),
        pytest.param(refused(Rejection.TOO_FAINT), 2, id="refused-for-something-else"),
        pytest.param(refused(Rejection.UNSURE, width=8), 2, id="narrow"),
        pytest.param(refused(Rejection.UNSURE), 1, id="one-digit"),
        pytest.param(refused(Rejection.UNSURE), 0, id="no-sure-number"),
    ],
)
def test_it_stays_as_it_is(answer: Prediction, digits: int) -> None:
    """Where the reader is not sure of several, or was not in question, nothing changes."""
    assert counted(answer, digits) is answer


@pytest.mark.parametrize(
    ("places", "shape", "height"),
    [
        pytest.param([(40, 30)], (120, 300), 48, id="tall"),
        pytest.param([(40, 30), (90, 30)], (120, 300), 48, id="wide"),
        pytest.param([(40, 30)], (120, 1200), None, id="small-in-its-picture"),
        pytest.param([], (120, 300), None, id="blank"),
    ],
)
def test_height_of_ink(
    places: list[tuple[int, int]], shape: tuple[int, int], height: float | None
) -> None:
    """Ink is as tall as it is drawn, whether it is taller than wide or not."""
    picture = bars(*places, shape=shape)
    if len(places) > 1:
        picture[50:58, 40:110] = 30  # a stroke that joins them
    found = height_of_ink(picture)

    assert found == (None if height is None else pytest.approx(height, rel=0.1))
