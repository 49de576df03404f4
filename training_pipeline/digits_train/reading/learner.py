"""From random weights to averaged ones, an epoch at a time, resumable at every epoch."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from digits_train import checkpoint, git
from digits_train.reading.course import Course, Lessons
from digits_train.train import OneCycle

log = logging.getLogger(__name__)

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]
Batches = Callable[[int], Iterator[Batch]]
"""The batches of an epoch."""
Figures = dict[str, float]


class Learner:
    """A net, its optimiser and its running average."""

    def __init__(
        self, course: Course, lessons: Lessons, build: Callable[[], keras.Model], loss: Any
    ) -> None:
        self._ema = course.ema
        self._lessons = lessons
        self.model = build()
        self.average = build()
        self._means = [np.array(v.numpy()) for v in self.average.weights]
        optimizer = keras.optimizers.AdamW(
            OneCycle(lessons.peak_rate, lessons.epochs * lessons.steps, course.warm_up),
            weight_decay=course.weight_decay,
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.model.compile(optimizer=optimizer, loss=loss, jit_compile=False)
        optimizer.build(self.model.trainable_variables)

    @property
    def variables(self) -> list[keras.Variable]:
        """All that changes while training."""
        optimizer = self.model.optimizer
        return [*self.model.variables, *optimizer.variables, *self.average.weights]

    def resume(self, path: Path, identity: dict[str, Any]) -> int:
        """Go back to a checkpoint and return how many epochs were done by then."""
        done = checkpoint.load(path, self.variables, identity)
        self._means = [np.array(v.numpy()) for v in self.average.weights]
        return done

    def epoch(self, epoch: int, batches: Batches) -> Figures:
        """Train for one epoch and return its loss and how many seconds it took."""
        started = time.perf_counter()
        total = 0.0
        steps = self._lessons.steps
        with ThreadPoolExecutor(max_workers=1) as maker:
            made = batches(epoch)
            coming = maker.submit(next, made, None)
            step = epoch * steps
            while (batch := coming.result()) is not None:
                coming = maker.submit(next, made, None)
                total += float(self.model.train_on_batch(*batch))
                self._follow(step)
                step += 1
        for variable, mean in zip(self.average.weights, self._means, strict=True):
            variable.assign(mean)
        return {"loss": total / steps, "seconds": time.perf_counter() - started}

    def _follow(self, step: int) -> None:
        # A young average must not remember the random start.
        keep = min(self._ema, (1 + step) / (10 + step))
        for mean, weight in zip(self._means, self.model.weights, strict=True):
            np.multiply(mean, keep, out=mean)
            np.add(mean, (1 - keep) * weight.numpy(), out=mean)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a net learns: its `name`, what makes its weights, its batches, how good it is."""

    name: str
    identity: dict[str, Any]
    batches: Batches
    watch: Callable[[keras.Model], Figures]


def run(learner: Learner, subject: Subject, epochs: int, work: Path) -> None:
    """Train a net and leave `work`/NAME.weights.h5, the averaged weights.

    Goes on from the last checkpoint in `work`. Raises `WorkFolderMismatch` when
    that is of other weights than the subject's.
    """
    name = subject.name
    path = work / f"{name}.checkpoint.npz"
    done = learner.resume(path, subject.identity) if path.is_file() else 0
    for epoch in range(done, epochs):
        figures = learner.epoch(epoch, subject.batches) | subject.watch(learner.average)
        checkpoint.save(path, learner.variables, subject.identity, epoch + 1)
        told = "  ".join(f"{key} {value:.4g}" for key, value in figures.items())
        log.info("%s %d/%d  %s", name, epoch + 1, epochs, told)
    part = work / f"part.{name}.weights.h5"
    learner.average.save_weights(part)
    origin = {"config": subject.identity, "commit": git.head(Path(__file__).parent)}
    (work / f"{name}.train.json").write_text(json.dumps(origin, indent=2) + "\n", "utf-8")
    part.replace(work / f"{name}.weights.h5")


def identity_of(course: Course, lessons: Lessons, **drawn: Any) -> dict[str, Any]:
    """What makes the weights of one net: its lessons, what is shared, and what it was shown."""
    shared = ("seed", "warm_up", "weight_decay", "label_smoothing", "ema", "norm_momentum")
    return asdict(lessons) | {key: getattr(course, key) for key in shared} | drawn
