"""Stage `reader train`: the net from random weights to averaged ones, resumable at every epoch."""

import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from digits_core.reading.detector import Character, characters
from numpy.typing import NDArray

from digits_train import checkpoint, git
from digits_train.reading.net import build, loss, targets_of
from digits_train.reading.tiles import SHAPE, Tiles
from digits_train.train import OneCycle

log = logging.getLogger(__name__)

NAME = "reader"

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Course:
    """How a reader is trained: so many `tiles`, in epochs of `steps` batches.

    It is fitted on so many `pages`, `strings` and bare `surfaces`.
    """

    name: str
    seed: int = 20
    tiles: int = 90_000
    epochs: int = 20
    steps: int = 250
    batch: int = 64
    peak_rate: float = 3e-3
    warm_up: float = 0.1
    weight_decay: float = 0.02
    label_smoothing: float = 0.03
    ema: float = 0.998
    norm_momentum: float = 0.99
    pages: int = 700
    strings: int = 300
    surfaces: int = 300


FULL = Course("full")
# Enough for a net that finds something, which is what the stages after training need.
SMOKE = Course(
    "smoke",
    tiles=400,
    epochs=3,
    steps=50,
    batch=16,
    norm_momentum=0.9,
    pages=20,
    strings=20,
    surfaces=10,
)
COURSES = {course.name: course for course in (FULL, SMOKE)}

# A character is found when its middle lies so near, as a share of its size.
_NEAR = 0.3
_THERE = 0.3


def train(course: Course, work: Path) -> None:
    """Train the reader and leave `work`/reader.weights.h5, the averaged weights.

    Goes on from the last checkpoint in `work`. Raises `StageMissing` without
    tiles, `WorkFolderMismatch` when the checkpoint is another course's.
    """
    learner = Learner(course, Tiles.load(work), Tiles.watched(work))
    path = work / f"{NAME}.checkpoint.npz"
    identity = asdict(course)
    done = learner.resume(path, identity) if path.is_file() else 0
    for epoch in range(done, course.epochs):
        figures = learner.epoch(epoch)
        checkpoint.save(path, learner.variables, identity, epoch + 1)
        told = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        log.info("reader %d/%d  %s", epoch + 1, course.epochs, told)
    part = work / f"part.{NAME}.weights.h5"
    learner.average.save_weights(part)
    origin = {"config": identity, "commit": git.head(Path(__file__).parent)}
    (work / f"{NAME}.train.json").write_text(json.dumps(origin, indent=2) + "\n", "utf-8")
    part.replace(work / f"{NAME}.weights.h5")


class Learner:
    """The net, its optimiser and its running average, an epoch at a time."""

    def __init__(self, course: Course, tiles: Tiles, watched: Tiles) -> None:
        self._course = course
        self._tiles = tiles
        self._watched = watched
        self.model = build(course.seed, course.norm_momentum)
        self.average = build(course.seed, course.norm_momentum)
        self._means = [np.array(v.numpy()) for v in self.average.weights]
        steps = course.epochs * course.steps
        optimizer = keras.optimizers.AdamW(
            OneCycle(course.peak_rate, steps, course.warm_up), weight_decay=course.weight_decay
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.model.compile(optimizer=optimizer, loss=loss, jit_compile=False)
        optimizer.build(self.model.trainable_variables)

    @property
    def variables(self) -> list[keras.Variable]:
        """All that changes while training."""
        optimizer = self.model.optimizer
        return [*self.model.variables, *optimizer.variables, *self.average.weights]

    def resume(self, path: Path, identity: dict[str, object]) -> int:
        """Go back to a checkpoint and return how many epochs were done by then."""
        done = checkpoint.load(path, self.variables, identity)
        self._means = [np.array(v.numpy()) for v in self.average.weights]
        return done

    def epoch(self, epoch: int) -> dict[str, float]:
        """Train for one epoch and return its figures."""
        started = time.perf_counter()
        total = 0.0
        with ThreadPoolExecutor(max_workers=1) as maker:
            batches = self._batches(epoch)
            coming = maker.submit(next, batches, None)
            step = epoch * self._course.steps
            while (batch := coming.result()) is not None:
                coming = maker.submit(next, batches, None)
                total += float(self.model.train_on_batch(*batch))
                self._follow(step)
                step += 1
        for variable, mean in zip(self.average.weights, self._means, strict=True):
            variable.assign(mean)
        seconds = time.perf_counter() - started
        return {
            "loss": total / self._course.steps,
            "seconds": seconds,
            **accuracy(self.average, self._watched),
        }

    def _batches(self, epoch: int) -> Iterator[Batch]:
        course = self._course
        for step in range(course.steps):
            rng = np.random.default_rng([course.seed, 17, epoch, step])
            chosen = rng.integers(0, len(self._tiles.pixels), course.batch)
            made = [self._shifted(int(tile), rng) for tile in chosen]
            yield np.stack([image for image, _ in made]), np.stack([wanted for _, wanted in made])

    def _shifted(
        self, tile: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A tile moved by a few pixels, so that middles lie anywhere in a cell, and its targets."""
        down, right = (int(n) for n in rng.integers(-2, 3, 2))
        image = np.zeros(SHAPE, np.float32)
        pixels = self._tiles.pixels[tile]
        height, width = SHAPE
        image[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = pixels[
            max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
        ]
        boxes = self._tiles.boxes_of(tile) + np.array([0, right, down, 0, 0], np.float32)
        inside = (boxes[:, 1:3] > 0).all(axis=1) & (boxes[:, 1:3] < SHAPE[::-1]).all(axis=1)
        image *= np.float32(rng.uniform(0.8, 1.05) / 255)
        return np.minimum(image, 1), targets_of(boxes[inside], SHAPE, self._course.label_smoothing)

    def _follow(self, step: int) -> None:
        # A young average must not remember the random start.
        keep = min(self._course.ema, (1 + step) / (10 + step))
        for mean, weight in zip(self._means, self.model.weights, strict=True):
            np.multiply(mean, keep, out=mean)
            np.add(mean, (1 - keep) * weight.numpy(), out=mean)


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
