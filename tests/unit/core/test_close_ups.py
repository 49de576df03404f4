"""Close-ups: what stands in a box comes to their middle, as bright as any."""

import numpy as np
import pytest
from digits_core.reading.close_ups import SIDE, close_ups, whitened


def page_of(*squares: tuple[int, int, int, int], side: int = 80) -> np.ndarray:
    """A black page with squares: left, top, size, brightness."""
    page = np.zeros((side, side), np.uint8)
    for left, top, size, brightness in squares:
        page[top : top + size, left : left + size] = brightness
    return page


@pytest.mark.parametrize("size", [12, 24, 36])
@pytest.mark.parametrize("place", [(0, 0), (20, 30), (44, 44)])
def test_it_is_in_the_middle(size: int, place: tuple[int, int]) -> None:
    """A square, anywhere on the page and of any size, fills the middle two thirds."""
    left, top = place
    page = page_of((left, top, size, 255))

    (shown,) = close_ups(page, np.array([[left, top, left + size, top + size]], float))
    ys, xs = np.nonzero(shown > 127)

    assert shown.shape == (SIDE, SIDE)
    for found in (xs, ys):
        assert (found.min() + found.max()) / 2 == pytest.approx((SIDE - 1) / 2, abs=0.6)
        assert np.ptp(found) + 1 == pytest.approx(SIDE / 1.5, abs=1.1)


def test_a_margin_shows_more_at_the_same_scale() -> None:
    """The inner part is the close-up without it."""
    page = np.random.default_rng(0).integers(0, 256, (80, 80)).astype(np.uint8)
    boxes = np.array([[10.0, 20.0, 34.0, 41.0], [50.0, 60.0, 90.0, 75.0]])

    with_margin = close_ups(page, boxes, 4)

    assert with_margin.shape == (2, SIDE + 8, SIDE + 8)
    assert np.array_equal(with_margin[:, 4:-4, 4:-4], close_ups(page, boxes))


def test_no_boxes_no_close_ups() -> None:
    """Where nothing was found there is nothing to show."""
    empty = close_ups(page_of(), np.zeros((0, 4)))

    assert empty.shape == (0, SIDE, SIDE)
    assert whitened(empty).shape == (0, SIDE, SIDE)


def test_pale_ones_become_white() -> None:
    """The brightest of the middle part counts, not what is beside it; noise stays dark."""
    page = page_of((20, 20, 24, 80), (50, 20, 24, 255), (0, 70, 6, 10))
    shown = whitened(close_ups(page, np.array([[20, 20, 44, 44], [0.0, 70.0, 6.0, 76.0]])))

    assert shown[0, SIDE // 2, SIDE // 2] == 255
    assert shown[0].max() == 255
    assert shown[1].max() < 100
