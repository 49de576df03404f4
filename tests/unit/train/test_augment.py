"""Augmentation: fast because of the mosaic, and nothing leaks in it."""

from dataclasses import fields

import numpy as np
import pytest
from digits_train.augment import Augmenter, contact_sheet
from digits_train.config import Augmentation
from digits_train.drawings import strokes
from digits_train.pens import draw
from numpy.typing import NDArray

NOTHING = Augmentation(**{field.name: 0.0 for field in fields(Augmentation)} | {"elastic_sigma": 4})


def digits(count: int) -> NDArray[np.uint8]:
    """Our own 0 to 9, over and over."""
    return np.stack([draw(strokes(index % 10), 2.7) for index in range(count)])


def rng() -> np.random.Generator:
    """The same generator for every call."""
    return np.random.default_rng([20, 1, 2])


@pytest.mark.parametrize("count", [1, 16, 50])
def test_nothing_changes_nothing(count: int) -> None:
    """With every range at zero, pictures only go from 0..255 to 0..1, for any size of batch."""
    images = digits(count)

    bent = Augmenter(NOTHING, seed=1)(images, rng())

    assert bent.dtype == np.float32
    assert np.abs(bent - images / np.float32(255)).max() < 1e-6


def test_same_arguments_same_pictures() -> None:
    """What comes out depends on settings, seed and generator alone."""
    images = digits(40)

    first, second = (Augmenter(Augmentation(), seed=20)(images, rng()) for _ in range(2))
    other = Augmenter(Augmentation(), seed=20)(images, np.random.default_rng([20, 1, 3]))

    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_neighbours_do_not_leak() -> None:
    """A black picture among white ones stays black, however far all are bent."""
    images = np.full((48, 28, 28), 255, np.uint8)
    images[[0, 17, 30, 47]] = 0
    far = Augmentation(rotation_degrees=45, scale=0.5, shift=9, elastic_pixels=4, shear=0.5)

    bent = Augmenter(far, seed=3)(images, rng())

    assert not bent[[0, 17, 30, 47]].any()


def test_digits_stay_whole() -> None:
    """Values stay in [0, 1], and with the settings for training hardly any ink leaves the frame."""
    images = digits(400)
    settings = Augmentation(contrast=0, dilate=0, erode=0)

    bent = Augmenter(settings, seed=4)(images, rng())

    ink = bent.sum(axis=(1, 2)) / (images.sum(axis=(1, 2)) / 255)
    assert bent.min() >= 0
    assert bent.max() <= 1
    assert 0.9 < ink.mean() < 1.1
    assert ink.min() > 0.5


@pytest.mark.parametrize(
    ("settings", "low", "high"),
    [
        pytest.param({"dilate": 1.0}, 1.1, 2.0, id="thicker"),
        pytest.param({"erode": 1.0}, 0.1, 0.9, id="thinner"),
        pytest.param({"contrast": 1.0}, 0.6, 0.95, id="fainter"),
        pytest.param({"blur": 1.0}, 0.95, 1.05, id="blurred"),
    ],
)
def test_pen(settings: dict[str, float], low: float, high: float) -> None:
    """Each effect of the pen changes the mean ink the way its name says."""
    values = {field.name: getattr(NOTHING, field.name) for field in fields(Augmentation)}
    images = digits(160)

    bent = Augmenter(Augmentation(**values | settings), seed=5)(images, rng())

    assert low < bent.mean() / (images.mean() / 255) < high
    assert not np.allclose(bent, images / 255)


def test_strength() -> None:
    """Each picture is bent by its own part of the settings, and by none at all at 0."""
    images = np.repeat(digits(1), 60, axis=0)
    strength = np.repeat(np.array([0, 0.5, 1], np.float32), 20)

    bent = Augmenter(Augmentation(), seed=7)(images, rng(), strength)

    change = np.abs(bent - images / np.float32(255)).mean(axis=(1, 2))
    assert change[:20].max() < 1e-6
    assert 0 < change[20:40].mean() < 0.8 * change[40:].mean()
    assert np.array_equal(bent[40:], Augmenter(Augmentation(), seed=7)(images, rng())[40:])


def test_contact_sheet() -> None:
    """Sixteen pictures in a row, the last row filled up."""
    sheet = contact_sheet(Augmenter(Augmentation(), seed=6), digits(20))

    assert sheet.shape == (2 * 28, 16 * 28)
    assert sheet[:, : 4 * 28].any()
    assert not sheet[28:, 4 * 28 :].any()
