"""Strokes become pictures laid out like MNIST's."""

import numpy as np
import pytest
from digits_train.pens import BOX, draw, frame, pen_width, smooth, wobble
from numpy.typing import NDArray

ZIGZAG = [np.array([[0, 0], [50, 10], [5, 60], [60, 90]], np.float32)]


def box(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Height and width of the ink, in pixels."""
    rows, columns = np.nonzero(picture > 32)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def centre(picture: NDArray[np.uint8]) -> tuple[float, float]:
    """The ink's centre of mass: row, column."""
    down, across = np.indices(picture.shape)
    return (
        float((down * picture).sum() / picture.sum()),
        float((across * picture).sum() / picture.sum()),
    )


@pytest.mark.parametrize("size", [(300, 200), (9, 14), (20, 20), (1, 1), (200, 3)])
def test_frame_fits_box(size: tuple[int, int]) -> None:
    """The longer side of any ink becomes 20 pixels, whatever its size was."""
    ink = np.zeros((size[0] + 30, size[1] + 60), np.uint8)
    ink[10 : 10 + size[0], 50 : 50 + size[1]] = 255

    assert max(box(frame(ink))) == BOX


def test_frame_centres_mass() -> None:
    """The centre of mass comes to (14, 14), within half a pixel."""
    ink = np.zeros((100, 100), np.uint8)
    ink[20:80, 20:30] = 255
    ink[70:80, 20:60] = 255

    assert centre(frame(ink)) == pytest.approx((14, 14), abs=0.5)


def test_frame_without_ink() -> None:
    """A picture without ink gives a black one."""
    assert not frame(np.zeros((50, 40), np.uint8)).any()


@pytest.mark.parametrize("width", [1.5, 2.7, 4.5])
def test_pen_width_is_kept(width: float) -> None:
    """A bar as wide as the pen: its ink is the width times the box's height."""
    bar = draw([np.array([[0, 0], [0, 100]], np.float32)], width)

    assert bar.sum() / 255 / BOX == pytest.approx(width, abs=0.35)


def test_dot_is_drawn() -> None:
    """A stroke of one point is a dot, not nothing."""
    assert draw([np.array([[5, 5]], np.float32)], 3).any()


def test_smooth_meets_its_knots() -> None:
    """The curve passes through every knot, from the first to the last."""
    knots = np.array([[0, 0], [10, 5], [3, 20], [8, 8]], np.float32)

    curve = smooth(knots, per_span=4)

    assert np.allclose(curve[::4], knots, atol=1e-5)


def test_wobble_is_small_and_seeded() -> None:
    """Points move, by little, and by as much for the same seed."""
    moved = wobble(ZIGZAG, np.random.default_rng(3))[0]

    assert 0 < np.abs(moved - ZIGZAG[0]).max() < 0.1 * 90
    assert np.array_equal(moved, wobble(ZIGZAG, np.random.default_rng(3))[0])


def test_pen_widths_are_mnists() -> None:
    """Pens are mostly 2 to 3.5 pixels wide and never out of 1.5 to 4.5."""
    rng = np.random.default_rng(0)
    widths = np.array([pen_width(rng) for _ in range(500)])

    assert widths.min() >= 1.5
    assert widths.max() <= 4.5
    assert np.mean((widths > 2) & (widths < 3.5)) > 0.6
