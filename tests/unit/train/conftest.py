"""Digits, strokes and fonts of nobody, for what would need somebody's data."""

import importlib.util
import json
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


@pytest.fixture(scope="session")
def fonts_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `make fonts` leaves it, its fonts those that matplotlib carries."""
    folder = tmp_path_factory.mktemp("fonts")
    _package(folder, "caveat", {"latin-400": "cmr10", "greek-400": "DejaVuSans"})
    _package(folder, "delius", {"latin-400": "DejaVuSans", "latin-700": "DejaVuSans-Bold"})
    _package(folder, "delius-unicase", {"latin-400": "DejaVuSansMono"})
    _package(folder, "edu-east", {"latin-400": "cmr10"}, licence="Apache-2.0")
    _package(folder, "edu-west", {"latin-400": "STIXGeneral"}, licence="CC0-1.0")
    _package(folder, "licensed-otherwise", {"latin-400": "cmr10"}, licence="UFL-1.0")
    _package(folder, "licensed-somehow", {"latin-400": "cmr10"}, licence=None)
    return folder


def _package(
    folder: Path, name: str, fonts: dict[str, str], licence: str | None = "OFL-1.1"
) -> None:
    """One package: what it says of itself, and a file for each subset and weight."""
    files = folder / "node_modules" / "@fontsource" / name / "files"
    files.mkdir(parents=True)
    about = {
        "weights": sorted({int(which.split("-")[1]) for which in fonts}),
        "license": {"type": licence} if licence else "see elsewhere",
    }
    (files.parent / "metadata.json").write_text(json.dumps(about), "utf-8")
    found = importlib.util.find_spec("matplotlib")
    assert found
    assert found.origin
    for which, font in fonts.items():
        source = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{font}.ttf"
        (files / f"{name}-{which}-normal.woff2").symlink_to(source)


def _packed(drawings: list[list[Stroke]], start: str) -> dict[str, NDArray[np.generic]]:
    """Strokes end to end, and where each one and each drawing begins."""
    everything = [stroke for drawing in drawings for stroke in drawing]
    return {
        "points": np.concatenate(everything).astype(np.float32),
        "stroke_start": np.cumsum([0, *map(len, everything)]),
        start: np.cumsum([0, *map(len, drawings)]),
    }
