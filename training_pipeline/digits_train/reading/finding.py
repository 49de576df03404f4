"""Stage `reader train`: the net that finds characters, from tiles."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import keras
import numpy as np
from digits_core.image import PAGE_VERSION
from digits_core.reading.detector import Character, characters
from numpy.typing import NDArray

from digits_train.reading.course import Course
from digits_train.reading.learner import Batch, Learner, Subject, identity_of, run
from digits_train.reading.net import build, loss, targets_of
from digits_train.reading.tiles import SHAPE, Tiles

NET = "detector"

# A character is found when its middle lies so near, as a share of its size.
_NEAR = 0.3
_THERE = 0.3


def train(course: Course, work: Path) -> None:
    """Train the detector and leave `work`/detector.weights.h5, the averaged weights.

    Goes on from the last checkpoint in `work`. Raises `StageMissing` without
    tiles, `WorkFolderMismatch` when the checkpoint is another course's.
    """
    lessons = course.detector
    tiles, watched = Tiles.load(work), Tiles.watched(work)
    learner = Learner(course, lessons, partial(build, course.seed, course.norm_momentum), loss)
    identity = identity_of(course, lessons, tiles=course.tiles, layout=PAGE_VERSION)
    subject = Subject(
        NET,
        identity,
        batches=lambda epoch: _batches(course, tiles, epoch),
        watch=lambda model: accuracy(model, watched),
    )
    run(learner, subject, lessons.epochs, work)


def _batches(course: Course, tiles: Tiles, epoch: int) -> Iterator[Batch]:
    for step in range(course.detector.steps):
        rng = np.random.default_rng([course.seed, 17, epoch, step])
        chosen = rng.integers(0, len(tiles.pixels), course.detector.batch)
        made = [_shifted(tiles, int(tile), course.label_smoothing, rng) for tile in chosen]
        yield np.stack([image for image, _ in made]), np.stack([wanted for _, wanted in made])


def _shifted(
    tiles: Tiles, tile: int, label_smoothing: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A tile moved by a few pixels, so that middles lie anywhere in a cell, and its targets."""
    down, right = (int(n) for n in rng.integers(-2, 3, 2))
    image = np.zeros(SHAPE, np.float32)
    pixels = tiles.pixels[tile]
    height, width = SHAPE
    image[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = pixels[
        max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
    ]
    boxes = tiles.boxes_of(tile) + np.array([0, right, down, 0, 0], np.float32)
    inside = (boxes[:, 1:3] > 0).all(axis=1) & (boxes[:, 1:3] < SHAPE[::-1]).all(axis=1)
    image *= np.float32(rng.uniform(0.8, 1.05) / 255)
    return np.minimum(image, 1), targets_of(boxes[inside], SHAPE, label_smoothing)


def accuracy(model: keras.Model, tiles: Tiles) -> dict[str, float]:
    """The share of tiles in which all is right, and of their characters found and read right.

    What is no digit counts as right when it is taken for none, or not found.
    """
    cells = model.predict(tiles.pixels.astype(np.float32) / 255, batch_size=200, verbose=0)
    whole = digits = right = extra = 0
    for tile, answer in enumerate(cells):
        found = [c for c in characters(answer, _THERE) if c.logits.argmax() < 10]
        wanted = [box for box in tiles.boxes_of(tile).tolist() if box[0] < 10]
        hits = sum(_is_found(box, found) for box in wanted)
        digits += len(wanted)
        right += hits
        extra += len(found) - hits
        whole += hits == len(wanted) == len(found)
    return {
        "tiles": whole / len(cells),
        "digits": right / max(1, digits),
        "extra": extra / max(1, digits),
    }


def _is_found(box: list[float], found: list[Character]) -> bool:
    label, x, y, width, height = box
    return any(
        int(c.logits.argmax()) == label
        and abs(c.middle[0] - x) <= _NEAR * max(width, 10)
        and abs(c.middle[1] - y) <= _NEAR * height
        for c in found
    )
