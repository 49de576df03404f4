"""The least contrast is found where digits begin to be read."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from digits_core import Normalized, Prediction
from digits_train.answers import Shown
from digits_train.drawings import drawing
from digits_train.faint import least_contrast


class ShortSighted:
    """Reads a 3 in whatever shows enough contrast, and a 5 in the rest."""

    def __init__(self, sees: float) -> None:
        self.sees = sees

    def recognize(self, seen: Sequence[Normalized]) -> list[Prediction]:
        return [self._read(item) for item in seen]

    def _read(self, seen: Normalized) -> Prediction:
        digit = 3 if seen.contrast >= self.sees else 5
        probabilities = tuple(float(digit == each) for each in range(10))
        single = seen.digit_count == 1
        return Prediction(
            digit, 1.0, probabilities, 1.0, single, None, "fake", "1", seen.pixels, seen.digit_count
        )


@pytest.mark.parametrize("sees", [12.0, 20.0])
def test_where_reading_begins(sees: float) -> None:
    """It asks for as much as the reader needs, give or take the noise of the paper."""
    three = cv2.resize(255 - drawing(3, paper=255, ink=0), (28, 28), interpolation=cv2.INTER_AREA)
    images = np.repeat(three[None], 60, axis=0)

    found = least_contrast(ShortSighted(sees), Shown.values(images, [3] * 60))
    assert sees <= found <= sees + 4
