"""Moving pictures while a net learns: boxes follow their ink, and nothing comes out of nowhere."""

import cv2
import numpy as np
import pytest
from digits_train.reading import finding
from digits_train.reading.mover import Mover, Moves
from digits_train.reading.tiles import SHAPE

STILL = {"turn": 0.0, "slant": 0.0, "stretch": 0.0, "shift": 0.0}


def test_no_move_is_none() -> None:
    """Without deviations and at its own size nothing is moved; strokes are only bent a little."""
    moves = Moves.drawn(np.random.default_rng(1), np.ones(3), **STILL)
    assert np.array_equal(moves.matrices, np.broadcast_to(np.eye(2), (3, 2, 2)))
    assert not moves.shifts.any()

    pixels = np.zeros((3, 40, 40), np.uint8)
    pixels[:, 10:30, 15:25] = 255
    moved = Mover((32, 32), seed=1)(pixels, moves, np.random.default_rng(2))

    assert moved.shape == (3, 32, 32)
    assert not moved[:, :2].any()
    assert (moved[:, 10:22, 14:18] == 255).all()


@pytest.mark.parametrize("size", [0.8, 1.0, 1.3])
def test_larger_shows_less(size: float) -> None:
    """At so many times its size a square is as many times as wide and as high."""
    pixels = np.zeros((20, 64, 64), np.uint8)
    pixels[:, 22:42, 22:42] = 255
    rng = np.random.default_rng(3)

    moved = Mover((64, 64), seed=2)(pixels, Moves.drawn(rng, np.full(20, size), **STILL), rng)

    sides = np.sqrt(moved.sum(axis=(1, 2)) / 255)
    assert np.median(sides) == pytest.approx(20 * size, abs=1)


def test_boxes_follow_their_ink() -> None:
    """An ellipse turned, slanted, stretched and enlarged is where its box says."""
    rng = np.random.default_rng(4)
    count = 40
    pixels = np.zeros((count, *SHAPE), np.uint8)
    boxes = np.zeros((count, 1, 5), np.float32)
    for tile in range(count):
        x, y, half_wide, half_high = rng.integers((40, 24, 5, 8), (120, 40, 10, 13)).tolist()
        axes = (half_wide, half_high)
        cv2.ellipse(pixels[tile], (x, y), axes, 0, 0, 360, 255, cv2.FILLED)  # type: ignore[call-overload]
        boxes[tile, 0] = 3, x + 0.5, y + 0.5, 2 * half_wide + 1, 2 * half_high + 1
    moves = Moves.drawn(
        rng, np.exp(rng.uniform(0, 0.2, count)), turn=0.1, slant=0.15, stretch=0.15, shift=2.0
    )

    images = Mover(SHAPE, seed=4)(pixels, moves, rng)

    for image, before, matrix, shift in zip(
        images, boxes, moves.matrices, moves.shifts, strict=True
    ):
        ((label, *box),) = finding.moved(before, matrix, shift).tolist()
        left, top, width, height = cv2.boundingRect((image > 127).astype(np.uint8))
        assert label == 3
        assert box == pytest.approx([left + width / 2, top + height / 2, width, height], abs=3.5)


def test_what_leaves_the_tile_has_no_box() -> None:
    """A character that is moved over the border is not asked for."""
    boxes = np.array([[5, 150, 30, 12, 20], [6, 60, 30, 12, 20]], np.float32)

    kept = finding.moved(boxes, np.eye(2), np.array([-15.0, 0.0]))

    assert kept[:, 0].tolist() == [6]
    assert kept[0, 1:] == pytest.approx([75, 30, 12, 20])
