"""The seeded pictures that the published figures are measured on."""

import os
from collections import Counter
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from digits_train.trials import (
    FAINT_CONTRAST,
    FAINT_SIGMA,
    SIDE,
    empty_pictures,
    faint_digits,
    pen_drawings,
)

needs_data = pytest.mark.skipif(
    "DIGITS_DATA_DIR" not in os.environ, reason="DIGITS_DATA_DIR names no folder with other/"
)


def test_empty_pictures_are_seeded_and_varied() -> None:
    """The same seed gives the same pictures, and hardly two of them are alike."""
    first, second = (list(islice(empty_pictures(5), 60)) for _ in range(2))

    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert {picture.dtype for picture in first} == {np.dtype(np.uint8)}
    assert min(min(picture.shape) for picture in first) >= 96
    assert max(max(picture.shape) for picture in first) <= SIDE
    assert len({picture.tobytes() for picture in first}) == 60


@needs_data
def test_pen_drawings_hold_a_whole_digit() -> None:
    """A thousand canvases with all ten digits; no ink lies on the border."""
    drawings = list(pen_drawings(Path(os.environ["DIGITS_DATA_DIR"]), 3))

    counts = Counter(label for _, label in drawings)
    assert len(drawings) == 1_000
    assert min(counts[digit] for digit in range(10)) > 60
    for picture, _ in drawings:
        assert picture.shape == (SIDE, SIDE)
        assert np.ptp(picture) >= 80
        border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
        assert np.ptp(border) == 0


@needs_data
def test_faint_digits_are_twelve_levels_deep() -> None:
    """Blurred until the noise is gone, the strokes are 12 grey levels below the paper."""
    pictures = [p for p, _ in islice(faint_digits(Path(os.environ["DIGITS_DATA_DIR"]), 3), 20)]

    for picture in pictures:
        smooth = cv2.GaussianBlur(picture, (0, 0), 2.5).astype(float)
        assert np.median(smooth) - smooth.min() == pytest.approx(FAINT_CONTRAST, abs=3)
        noise = (picture - smooth).std()
        assert noise == pytest.approx(FAINT_SIGMA, abs=0.6)
