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
from digits_train.reading.mover import BENDS, Mover, Moves
from digits_train.reading.net import build, loss, targets_of
from digits_train.reading.tiles import SHAPE, Tiles

NET = "detector"

# A character is found when its middle lies so near, as a share of its size.
_NEAR = 0.3
_THERE = 0.3
# How far tiles are turned, slanted, stretched and moved (in pixels; so that middles lie anywhere in
# a cell), as deviations, and enlarged, at most: seldom made smaller, as what stands beyond the
# border has no box.
_MOVES = {"turn": 0.04, "slant": 0.1, "stretch": 0.08, "shift": 1.4}
_ENLARGED = 0.14


def train(course: Course, work: Path) -> None:
    """Train the detector and leave `work`/detector.weights.h5, the averaged weights.

    Goes on from the last checkpoint in `work`. Raises `StageMissing` without
    tiles, `WorkFolderMismatch` when the checkpoint is another course's.
    """
    lessons = course.detector
    tiles, watched = Tiles.load(work), Tiles.watched(work)
    learner = Learner(course, lessons, partial(build, course.seed, course.norm_momentum), loss)
    moves = _MOVES | BENDS | {"enlarged": _ENLARGED}
    identity = identity_of(course, lessons, tiles=course.tiles, layout=PAGE_VERSION, moves=moves)
    subject = Subject(
        NET,
        identity,
        batches=lambda epoch: _batches(course, tiles, epoch),
        watch=lambda model: accuracy(model, watched),
    )
    run(learner, subject, lessons.epochs, work)


def _batches(course: Course, tiles: Tiles, epoch: int) -> Iterator[Batch]:
    move = Mover(SHAPE, course.seed)
    for step in range(course.detector.steps):
        rng = np.random.default_rng([course.seed, 17, epoch, step])
        chosen = rng.integers(0, len(tiles.pixels), course.detector.batch)
        moves = Moves.drawn(rng, np.exp(rng.uniform(0, _ENLARGED, len(chosen))), **_MOVES)
        images = move(tiles.pixels[chosen], moves, rng).astype(np.float32)
        images *= rng.uniform(0.8, 1.05, (len(chosen), 1, 1)).astype(np.float32) / np.float32(255)
        boxes = [
            moved(tiles.boxes_of(tile), *each)
            for tile, *each in zip(chosen.tolist(), moves.matrices, moves.shifts, strict=True)
        ]
        wanted = [targets_of(each, SHAPE, course.label_smoothing) for each in boxes]
        yield np.minimum(images, 1), np.stack(wanted)


def moved(
    boxes: NDArray[np.float32], matrix: NDArray[np.float64], shift: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Boxes float32[n, 5] as they lie on the moved tile, those in it; bends are left out."""
    there = np.linalg.inv(matrix)
    middle = np.array(SHAPE[::-1]) / 2
    places = (boxes[:, 1:3] - middle - shift) @ there.T + middle
    # Characters are nearer to ellipses than to their boxes.
    sizes = np.sqrt(boxes[:, 3:5].astype(np.float64) ** 2 @ (there.T**2))
    inside = ((places > 0) & (places < SHAPE[::-1])).all(axis=1)
    return np.concatenate([boxes[:, :1], places, sizes], axis=1)[inside].astype(np.float32)


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
