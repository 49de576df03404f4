"""Digits and strokes of nobody, for what would need somebody's data."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from digits_train.data import Data
from digits_train.drawings import strokes
from digits_train.pens import SIDE, Stroke, draw, pen_width, wobble
from digits_train.texture import Texture
from numpy.typing import NDArray

SIGN = [np.array([[0, 0], [30, 60], [60, 0], [30, 30], [-40, 30]], np.float32)]
"""What no digit looks like."""


@pytest.fixture(scope="session")
def texture() -> Texture:
    """Noise to cut from."""
    return Texture(seed=3)


@pytest.fixture(scope="session")
def few() -> Data:
    """400 digits of our own pens to train on and 100 to validate on, and nothing else."""
    rng = np.random.default_rng(1)
    labels = (np.arange(500) % 10).astype(np.uint8)
    images = np.stack(
        [
            draw(wobble(strokes(int(label), index // 10 % 2), rng), pen_width(rng))
            for index, label in enumerate(labels)
        ]
    )
    no_images, no_labels = np.zeros((0, SIDE, SIDE), np.uint8), np.zeros(0, np.uint8)
    return Data(
        train=images[:400],
        train_labels=labels[:400],
        drawn=no_images,
        drawn_labels=no_labels,
        outliers=no_images,
        validation=images[400:],
        validation_labels=labels[400:],
        validation_drawn=no_images,
        validation_drawn_labels=no_labels,
        validation_outliers=no_images,
        test=no_images,
        test_labels=no_labels,
    )


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sets of strokes: 30 writers' digits, 20 drawers' sign and their bar."""
    folder = tmp_path_factory.mktemp("other")
    rng = np.random.default_rng(2)
    people = list(product(range(1, 31), range(10)))
    np.savez(
        folder / "pendigits_strokes.npz",
        **_packed(
            [[s * [1, -1] for s in wobble(strokes(digit), rng)] for _, digit in people],
            "digit_start",
        ),
        y=np.array([digit for _, digit in people], np.uint8),
        writer=np.array([writer for writer, _ in people], np.int32),
    )
    shapes = [SIGN, [np.array([[0, 0], [0.5, 60]], np.float32)]]
    drawers = list(product(range(1, 21), range(2)))
    np.savez(
        folder / "omniglot_strokes.npz",
        **_packed([wobble(shapes[shape], rng) for _, shape in drawers], "character_start"),
        alphabet=np.full(len(drawers), 3, np.uint8),
        character=np.array([shape for _, shape in drawers], np.uint8),
        drawer=np.array([drawer for drawer, _ in drawers], np.uint8),
    )
    return folder


def _packed(drawings: list[list[Stroke]], start: str) -> dict[str, NDArray[np.generic]]:
    """Strokes end to end, and where each one and each drawing begins."""
    everything = [stroke for drawing in drawings for stroke in drawing]
    return {
        "points": np.concatenate(everything).astype(np.float32),
        "stroke_start": np.cumsum([0, *map(len, everything)]),
        start: np.cumsum([0, *map(len, drawings)]),
    }
