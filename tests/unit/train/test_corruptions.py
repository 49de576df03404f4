"""Fifteen corruptions, each of the published strength."""

import numpy as np
import pytest
from digits_train.corruptions import NAMES, corrupt
from digits_train.drawings import STYLES, drawing
from digits_train.pens import frame
from numpy.typing import NDArray


@pytest.fixture(scope="module")
def digits() -> NDArray[np.uint8]:
    """Our own ten digits, laid out like MNIST's."""
    return np.stack(
        [
            frame(drawing(digit, digit % STYLES, side=140, pen=11, ink=255, paper=0))
            for digit in range(10)
        ]
    )


def test_there_are_fifteen() -> None:
    """MNIST-C has fifteen corruptions."""
    assert len(NAMES) == 15


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_changes(name: str, digits: NDArray[np.uint8]) -> None:
    """Each picture comes back as large as before, changed, and neither empty nor full."""
    before = digits.copy()
    changed = corrupt(name, digits, np.random.default_rng(1))

    assert changed.shape == digits.shape
    assert changed.dtype == np.uint8
    assert (changed != digits).any(axis=(1, 2)).all()
    assert (changed.std(axis=(1, 2)) > 5).all()
    assert (digits == before).all(), "what came in was written on"


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_equal_pictures(name: str, digits: NDArray[np.uint8]) -> None:
    """What comes out depends on the arguments alone."""
    one, other = (corrupt(name, digits, np.random.default_rng(7)) for _ in range(2))

    assert (one == other).all()


@pytest.mark.parametrize(
    "name",
    sorted(set(NAMES) - {"scale", "brightness", "stripe", "canny edges"}),
)
def test_other_seeds_give_other_pictures(name: str, digits: NDArray[np.uint8]) -> None:
    """All but the four that leave nothing to chance differ from draw to draw."""
    one, other = (corrupt(name, digits, np.random.default_rng(seed)) for seed in (7, 8))

    assert (one != other).any()


def test_brightness_lifts_black_to_half() -> None:
    """Black becomes the grey of 0.5, white stays white."""
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 10] = 255
    changed = corrupt("brightness", images, np.random.default_rng(0))

    assert changed[0, 0, 0] == 128
    assert (changed[0, 10] == 255).all()


def test_impulse_noise_hits_seventeen_in_hundred() -> None:
    """Of 100 grey pictures' pixels 17 % are hit, half of them white."""
    images = np.full((100, 28, 28), 128, np.uint8)
    changed = corrupt("impulse noise", images, np.random.default_rng(0))

    assert (changed == 255).mean() == pytest.approx(0.085, abs=0.005)
    assert (changed == 0).mean() == pytest.approx(0.085, abs=0.005)


def test_translate_moves_three_pixels_both_ways(digits: NDArray[np.uint8]) -> None:
    """The ink's centre moves by three pixels along each axis."""
    changed = corrupt("translate", digits, np.random.default_rng(0))
    moves = np.array([_centre(b) for b in changed]) - [_centre(a) for a in digits]

    assert np.abs(moves) == pytest.approx(3, abs=0.2)


def test_scale_shrinks_to_seven_tenths(digits: NDArray[np.uint8]) -> None:
    """The ink is less by 0.7 squared."""
    changed = corrupt("scale", digits, np.random.default_rng(0))

    assert changed.sum() / digits.sum() == pytest.approx(0.49, abs=0.02)


def test_rotate_turns_by_two_fifths_of_a_radian() -> None:
    """A bar through the middle leans by 0.4 afterwards, to either side."""
    bar = np.zeros((40, 28, 28), np.uint8)
    bar[:, 4:24, 13:15] = 255
    angles = [_lean(image) for image in corrupt("rotate", bar, np.random.default_rng(0))]

    assert np.abs(angles) == pytest.approx(0.4, abs=0.02)
    assert min(angles) < 0 < max(angles)


def test_stripe_inverts_both_sides(digits: NDArray[np.uint8]) -> None:
    """The outer seven columns on both sides are negative, the middle is as it was."""
    changed = corrupt("stripe", digits, np.random.default_rng(0))

    assert (changed[:, :, 7:21] == digits[:, :, 7:21]).all()
    for side in (slice(0, 7), slice(21, 28)):
        assert (changed[:, :, side] == 255 - digits[:, :, side]).all()


def test_dotted_line_only_adds(digits: NDArray[np.uint8]) -> None:
    """No ink is lost, and every other pair of columns is as it was."""
    changed = corrupt("dotted line", digits, np.random.default_rng(0))

    assert (changed >= digits).all()
    assert (changed[:, :, 0:2] == digits[:, :, 0:2]).all()
    assert (changed[:, :, 4:6] == digits[:, :, 4:6]).all()


def _centre(image: NDArray[np.uint8]) -> tuple[float, float]:
    down, across = np.indices(image.shape)
    return float((down * image).sum() / image.sum()), float((across * image).sum() / image.sum())


def _lean(image: NDArray[np.uint8]) -> float:
    """The angle of the ink's main axis from upright, in radians."""
    down, across = np.indices(image.shape) - np.reshape(_centre(image), (2, 1, 1))
    return float(np.arctan2((down * across * image).sum(), (down**2 * image).sum()))
