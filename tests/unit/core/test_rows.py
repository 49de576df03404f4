"""Reading order: rows from the top, characters from the left, wide gaps."""

import math
import time

import numpy as np
import pytest
from digits_core.reading.detector import Character
from digits_core.reading.rows import gaps, rows


def character(x: float, y: float, width: float = 16, height: float = 24) -> Character:
    """A character with its left upper corner at x, y."""
    return Character(x, y, x + width, y + height, 1.0, np.zeros(11, np.float32))


def line(y: float, count: int, slope: float = 0, x: float = 0, step: float = 20) -> list[Character]:
    """A row of characters whose middles fall by `slope` a pixel."""
    return [character(x + i * step, y + i * step * slope) for i in range(count)]


def shuffled(*lines: list[Character]) -> list[Character]:
    """All characters in no order."""
    mixed = [each for row in lines for each in row]
    return [mixed[place] for place in np.random.default_rng(3).permutation(len(mixed))]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([line(0, 6)], id="one row"),
        pytest.param([line(0, 6), line(40, 3), line(80, 5)], id="three rows"),
        pytest.param([line(0, 12, 0.2), line(40, 12, 0.2)], id="falling"),
        pytest.param([line(200, 12, -0.2), line(240, 12, -0.2)], id="rising"),
        pytest.param([line(0, 30, 0.15), line(45, 2, 0.15)], id="a short row below a falling one"),
        pytest.param([line(300, 2, -0.15, x=540), line(425, 30, -0.15)], id="above a rising one"),
        pytest.param([line(0, 6), [character(2000, 60)]], id="a character far to the right"),
        pytest.param([], id="none"),
    ],
)
def test_rows_in_reading_order(lines: list[list[Character]]) -> None:
    """Whatever the order they are found in and however the page slants."""
    assert rows(shuffled(*lines)) == lines


@pytest.mark.parametrize("slope", [-0.27, 0.27])
def test_wide_gaps_on_a_slanted_page(slope: float) -> None:
    """A row goes on behind a gap of two heights, though that is in the next row's place there."""
    lines = [
        line(200 + 40 * n, 5, slope) + line(200 + 40 * n + 145 * slope, 4, slope, x=145)
        for n in range(3)
    ]

    assert rows(shuffled(*lines)) == lines


def test_small_signs_stay_in_their_row() -> None:
    """A comma at the foot of a row stands in it, and the row goes on behind."""
    row = [character(0, 0), character(20, 16, 6, 10), character(30, 0)]

    assert rows(shuffled(row)) == [row]


def test_columns_far_apart_are_rows_of_their_own() -> None:
    """Over many heights of paper no row goes on."""
    assert len(rows([character(0, 0), character(400, 0)])) == 2


def test_a_thousand_characters_in_disorder() -> None:
    """Noise of as many characters as are read at once takes no second."""
    rng = np.random.default_rng(0)
    noise = [character(*at) for at in rng.uniform(0, 2000, (1000, 2)).tolist()]

    started = time.process_time()
    found = rows(noise)

    assert sum(map(len, found)) == 1000
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("places", "wide"),
    [
        pytest.param([0], [], id="one character"),
        pytest.param([0, 90], [False], id="two say nothing of what is usual"),
        pytest.param([0, 20, 40, 60], [False] * 3, id="even"),
        pytest.param([0, 50, 100, 150], [False] * 3, id="spaced out"),
        pytest.param([0, 20, 80, 100], [False, True, False], id="two words"),
        pytest.param([0, 20, 80], [False, True], id="a character after a word"),
        pytest.param([0, 14, 28, 80], [False, False, True], id="boxes that overlap"),
    ],
)
def test_wide_gaps(places: list[float], wide: list[bool]) -> None:
    """A gap is wide beside the height and beside the row's other gaps."""
    assert gaps([character(x, 0) for x in places]) == wide


def test_the_order_follows_a_turned_page() -> None:
    """Three rows turned by up to ten degrees are the same three rows."""
    for degrees in range(-10, 11, 2):
        sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        wanted = [
            [
                character(x * 22 * cosine - y * 44 * sine, x * 22 * sine + y * 44 * cosine)
                for x in range(15)
            ]
            for y in range(3)
        ]

        assert rows(shuffled(*wanted)) == wanted, degrees
