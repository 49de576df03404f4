"""Characters beside each other: where they stand is where their ink is."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from digits_train.reading.composition import Line, Spacing, cropped, string
from numpy.typing import NDArray

BLOCK = np.full((20, 10), 255, np.uint8)


def digits(count: int) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """Solid blocks in frames of 28 x 28, and labels."""
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 9:19] = 255
    return [image] * count, list(range(count))


@pytest.mark.parametrize(
    ("spacing", "least", "most"), [("separated", 2, 8), ("touching", 0, 0), ("overlapping", -4, -2)]
)
def test_gaps_of_strings(spacing: Spacing, least: int, most: int) -> None:
    """Boxes lie as far apart as the kind of string says."""
    rng = np.random.default_rng(1)
    (row,) = string(*digits(6), spacing, rng).rows
    gaps = {after.left - before.right for before, after in pairwise(row)}

    assert len(row) == 6
    assert least <= min(gaps) <= max(gaps) <= most


def test_boxes_hold_the_ink() -> None:
    """Each box is full of its block's ink, and there is none elsewhere."""
    composed = string(*digits(4), "separated", np.random.default_rng(2))
    ink = composed.ink.copy()
    for character in composed.rows[0]:
        box = np.s_[
            int(character.top) : int(character.bottom), int(character.left) : int(character.right)
        ]
        assert ink[box].all()
        ink[box] = 0

    assert not ink.any()
    assert composed.text == "0123"


def test_by_ink_strokes_touch() -> None:
    """Set by ink with no gap, what stands above a foot reaches the leg."""
    leg = np.zeros((40, 14), np.uint8)
    leg[:, :10] = leg[36:] = 255
    line = Line(height=60, width=200)
    line.set(2, leg, top=5, gap=0, by="ink")
    line.set(1, BLOCK, top=5, gap=0, by="ink")
    first, second = line.standing

    assert second.left == first.right - 4
    assert cv2.connectedComponents(line.ink)[0] == 2


def test_by_ink_boxes_stay_apart() -> None:
    """A short stroke is not slipped wholly under a tall one's roof."""
    roof = np.zeros((40, 60), np.uint8)
    roof[:4] = 255
    line = Line(height=60, width=200)
    line.set(7, roof, top=0, gap=0, by="ink")
    line.set(1, np.full((20, 6), 255, np.uint8), top=30, gap=0, by="ink")
    first, second = line.standing

    assert first.right - second.left <= 0.4 * 6 + 1


def test_what_does_not_fit_is_not_set() -> None:
    """Beyond the strip's end, top or bottom nothing is drawn."""
    line = Line(height=30, width=25)

    assert line.set(3, BLOCK, top=5, gap=0, by="box")
    assert not line.set(3, BLOCK, top=15, gap=0, by="box")
    assert not line.set(3, BLOCK, top=5, gap=10, by="box")
    assert not line.set(3, np.zeros((9, 9), np.uint8), top=5, gap=0, by="box")
    assert len(line.standing) == 1


def test_cropped() -> None:
    """Empty rows and columns go; nothing is left of nothing."""
    mask = np.zeros((30, 30), np.uint8)
    mask[3:13, 7:20] = 200

    assert cropped(mask).shape == (10, 13)
    assert cropped(np.zeros((5, 5), np.uint8)).size == 0
