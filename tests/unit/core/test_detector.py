"""From cells to characters."""

import time

import numpy as np
import pytest
from digits_core.image.page import HEIGHT
from digits_core.reading import MOST_CHARACTERS
from digits_core.reading.detector import CHANNELS, CLASSES, characters
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.readers import SEVEN


def cells_of(*found: tuple[int, int, float], shape: tuple[int, int] = (12, 20)) -> np.ndarray:
    """Cells that see characters of 24 x 24 pixels at row, column, with a logit of presence."""
    cells = np.zeros((*shape, CHANNELS), np.float32)
    cells[..., 0] = -20
    for row, column, presence in found:
        cells[row, column, 0] = presence
        cells[row, column, 1 + SEVEN] = 5
    return cells


def test_a_cell_is_a_character() -> None:
    """The box lies round the cell's middle, moved and sized as the cell says."""
    cells = cells_of((5, 10, 2.0))
    cells[5, 10, -4:] = 0.25, -0.5, np.log(0.5), np.log(1.5)

    (found,) = characters(cells, 0.5)

    assert found.middle == pytest.approx((43, 20))
    assert (found.width, found.height) == pytest.approx((HEIGHT / 2, HEIGHT * 1.5))
    assert found.presence == pytest.approx(1 / (1 + np.exp(-2)))
    assert found.logits.tolist() == cells[5, 10, 1 : 1 + CLASSES].tolist()


def test_neighbouring_cells_see_one_character() -> None:
    """Of boxes that lie on each other the surest is kept; what stands apart stays."""
    found = characters(cells_of((5, 4, 1.0), (5, 5, 3.0), (6, 5, 2.0), (5, 15, 1.5)), 0.5)

    assert [c.middle for c in found] == [(22, 22), (62, 22)]


def test_a_box_within_another_is_the_same_character() -> None:
    """A small box in a large one shares little of the union, but most of itself."""
    cells = cells_of((5, 10, 3.0), (5, 11, 2.0))
    cells[5, 11, -2:] = np.log(0.3)

    assert len(characters(cells, 0.5)) == 1


def test_the_least_presence() -> None:
    """What is less probable is left out, and nothing is none."""
    cells = cells_of((5, 3, 2.0), (5, 15, -1.0))

    assert len(characters(cells, 0.5)) == 1
    assert len(characters(cells, 0.2)) == 2
    assert characters(cells, 0.99) == []


@settings(deadline=None, max_examples=60)
@given(
    hnp.arrays(
        np.float32,
        (3, 4, CHANNELS),
        elements=st.floats(-(2.0**100), 2.0**100, width=32),
    )
)
def test_any_cells_give_finite_boxes(cells: np.ndarray) -> None:
    """Whatever a model answers, no box is empty, endless or far off the page."""
    for found in characters(cells, 0.02):
        assert found.width > 0
        assert found.height > 0
        assert abs(found.middle[0]) < 1e3
        assert abs(found.middle[1]) < 1e3
        assert 0 <= found.presence <= 1


def test_a_page_of_noise_ends_soon() -> None:
    """Where every cell sees a character of its own, one beyond the limit is enough."""
    cells = np.random.default_rng(0).normal(0, 3, (500, 500, CHANNELS)).astype(np.float32)
    cells[..., -2:] = -3

    started = time.process_time()
    found = characters(cells, 0.02)

    assert len(found) == MOST_CHARACTERS + 1
    assert [c.presence for c in found] == sorted((c.presence for c in found), reverse=True)
    assert time.process_time() - started < 2  # a tenth of it on an idle core
