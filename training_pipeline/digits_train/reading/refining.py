"""Stage `reader refine`: the net that looks at close-ups of what the detector finds."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import keras
import numpy as np
from digits_core.image import PAGE_VERSION
from digits_core.reading.close_ups import NOTHING, SIDE, whitened

from digits_train.reading.course import Course
from digits_train.reading.learner import Batch, Figures, Learner, Subject, identity_of, run
from digits_train.reading.mover import BENDS, Mover, Moves
from digits_train.reading.refinement import ANSWERS, build
from digits_train.reading.samples import MARGIN, Samples

NET = "refiner"

# How far close-ups are turned, slanted and stretched, moved (in pixels) and enlarged: enough for
# hands that the net is never shown, whose digits it else confuses more than twice as often.
_MOVES = {"turn": 0.1, "slant": 0.12, "stretch": 0.08, "shift": 0.8}
_ENLARGED = 0.08


def train(course: Course, work: Path) -> None:
    """Train the refiner and leave `work`/refiner.weights.h5, the averaged weights.

    Goes on from the last checkpoint in `work`. Raises `StageMissing` without
    close-ups, `WorkFolderMismatch` when the checkpoint is another course's.
    """
    lessons = course.refiner
    samples, watched = Samples.load(work), Samples.watched(work)
    loss = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=course.label_smoothing
    )
    learner = Learner(course, lessons, partial(build, course.seed, course.norm_momentum), loss)
    moves = _MOVES | BENDS | {"enlarged": _ENLARGED}
    identity = identity_of(
        course, lessons, pictures=course.pictures, layout=PAGE_VERSION, moves=moves
    )
    subject = Subject(
        NET,
        identity,
        batches=lambda epoch: batches(course, samples, epoch),
        watch=lambda model: accuracy(model, watched),
    )
    run(learner, subject, lessons.epochs, work)


def accuracy(model: keras.Model, samples: Samples) -> Figures:
    """The share of close-ups read right: of digits, of what is no digit, of nothing."""
    inner = samples.pixels[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    seen = whitened(inner).astype(np.float32) / 255
    right = model.predict(seen, batch_size=500, verbose=0).argmax(axis=1) == samples.labels
    kinds = {
        "digits": samples.labels < 10,
        "others": samples.labels == 10,
        "nothing": samples.labels == NOTHING,
    }
    return {name: float(right[chosen].mean()) for name, chosen in kinds.items() if chosen.any()}


def batches(course: Course, samples: Samples, epoch: int) -> Iterator[Batch]:
    """Those of one epoch: float32[B, 32, 32] in [0, 1] and float32[B, 12]."""
    move = Mover((SIDE, SIDE), course.seed)
    for step in range(course.refiner.steps):
        rng = np.random.default_rng([course.seed, 24, epoch, step])
        chosen = rng.integers(0, len(samples.labels), course.refiner.batch)
        moves = Moves.drawn(rng, np.exp(rng.normal(0, _ENLARGED, len(chosen))), **_MOVES)
        seen = whitened(move(samples.pixels[chosen], moves, rng)).astype(np.float32)
        seen *= rng.uniform(0.75, 1.0, (len(seen), 1, 1)).astype(np.float32) / np.float32(255)
        yield seen, np.eye(ANSWERS, dtype=np.float32)[samples.labels[chosen]]
