"""The two published sets of pen trajectories, as lists of strokes."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits_train.errors import DataMissing
from digits_train.pens import Stroke

SOURCES = {
    "pendigits_strokes.npz": "UCI, Pen-Based Recognition of Handwritten Digits, trajectories",
    "omniglot_strokes.npz": "Omniglot, the online strokes of its background set",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """Characters as strokes; `label` is the digit or the class, `person` who drew it."""

    strokes: list[list[Stroke]]
    label: NDArray[np.int64]
    person: NDArray[np.int64]


def pendigits(folder: Path) -> Drawn:
    """Read the 7,494 digits of 30 writers from `folder`. Raises `DataMissing`."""
    file = _open(folder, "pendigits_strokes.npz")
    # The tablet's y grows upward.
    points = file["points"].astype(np.float32) * np.array([1, -1], np.float32)
    characters = _cut(points, file["stroke_start"], file["digit_start"])
    return Drawn(characters, file["y"].astype(np.int64), file["writer"].astype(np.int64))


def omniglot(folder: Path) -> Drawn:
    """Read 4,840 characters of eight alphabets, 20 drawers each, from `folder`.

    `label` is 100 x the alphabet's index + the character's number, and Latin's
    letters are a to z in order. Raises `DataMissing`.
    """
    file = _open(folder, "omniglot_strokes.npz")
    points = file["points"].astype(np.float32)
    characters = _cut(points, file["stroke_start"], file["character_start"])
    label = file["alphabet"].astype(np.int64) * 100 + file["character"]
    return Drawn(characters, label, file["drawer"].astype(np.int64))


def _open(folder: Path, name: str) -> dict[str, NDArray[np.integer]]:
    path = folder / name
    if not path.is_file():
        raise DataMissing(
            f"{path} is missing ({SOURCES[name]}): put it there, or train with --without-pens"
        )
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def _cut(
    points: NDArray[np.float32], stroke_start: NDArray[np.integer], start: NDArray[np.integer]
) -> list[list[Stroke]]:
    strokes = np.split(points, stroke_start[1:-1].astype(np.int64))
    bounds = start.astype(np.int64)
    return [strokes[a:b] for a, b in pairwise(bounds)]
