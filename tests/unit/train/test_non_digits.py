"""The eleventh class: pictures that are not one digit."""

import numpy as np
import pytest
from digits_train import non_digits
from digits_train.drawings import strokes
from digits_train.non_digits import Nearness, pool
from digits_train.pens import draw, pen_width, wobble
from digits_train.strokes import Drawn
from numpy.typing import NDArray


@pytest.fixture(scope="module")
def digits() -> NDArray[np.uint8]:
    """Four hundred digits drawn by our own pens."""
    rng = np.random.default_rng(1)
    return np.stack(
        [
            draw(wobble(strokes(index % 10, index // 10 % 2), rng), pen_width(rng))
            for index in range(400)
        ]
    )


def letters(label: int, shape: list[list[float]]) -> Drawn:
    """Eight people's version of one character."""
    rng = np.random.default_rng(2)
    stroke = [np.array(shape, np.float32)]
    return Drawn([wobble(stroke, rng) for _ in range(8)], np.full(8, label), np.arange(8))


def test_pool_is_full_and_seeded(digits: NDArray[np.uint8]) -> None:
    """As many as asked for, none of them empty in the main, the same for the same seed."""
    first, second = (pool(200, digits, None, np.random.default_rng(7)) for _ in range(2))

    assert first.shape == (200, 28, 28)
    assert first.dtype == np.uint8
    assert np.mean(first.any(axis=(1, 2))) > 0.9
    assert np.array_equal(first, second)


def test_digits_are_near_digits(digits: NDArray[np.uint8]) -> None:
    """About half of unseen digits count as near, hardly any tangle does."""
    rng = np.random.default_rng(3)
    near = Nearness(digits[:300])
    scribbles = np.stack([non_digits.scribble(rng) for _ in range(100)])

    assert near.is_digit(digits[300:]).mean() > 0.3
    assert near.is_digit(scribbles).mean() < 0.02


def test_pool_holds_nothing_near_a_digit(digits: NDArray[np.uint8]) -> None:
    """Pieces and mixtures that came out as a digit are left out."""
    made = pool(300, digits, None, np.random.default_rng(8))

    assert Nearness(digits).is_digit(made).mean() < 0.05


@pytest.mark.parametrize(
    ("label", "shape", "kept"),
    [
        pytest.param(300, [[0, 0], [30, 60], [60, 0], [30, 30], [-40, 30]], True, id="a sign"),
        pytest.param(301, [[0, 0], [0.5, 60]], False, id="a bar, near to 1"),
        pytest.param(412, [[0, 0], [30, 60], [60, 0], [30, 30], [-40, 30]], False, id="Latin l"),
        pytest.param(424, [[0, 0], [30, 60], [60, 0], [30, 30], [-40, 30]], True, id="Latin x"),
    ],
)
def test_characters_like_digits_are_left_out(
    digits: NDArray[np.uint8], label: int, shape: list[list[float]], kept: bool
) -> None:
    """A character goes when it is drawn like a digit, or is a letter known to look like one."""
    classes = non_digits.unlike_digits(letters(label, shape), digits, np.random.default_rng(4))

    assert classes == (list(range(8)) if kept else [])


def test_patches_are_never_in_their_order(digits: NDArray[np.uint8]) -> None:
    """A shuffled digit has all of its ink and is never the digit itself."""
    rng = np.random.default_rng(5)

    for digit in digits[:100]:
        mixed = non_digits.shuffled(digit, rng)
        assert mixed.sum() == digit.sum()
        assert not np.array_equal(mixed, digit)


def test_several_are_wider_than_one(digits: NDArray[np.uint8]) -> None:
    """Digits side by side fill the frame's width, not its height."""
    rng = np.random.default_rng(6)
    pair = non_digits.several(digits[[2, 3]], rng)

    rows, columns = np.nonzero(pair > 32)
    assert np.ptp(columns) + 1 == 20
    assert np.ptp(rows) < 20
