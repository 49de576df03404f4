"""Stage `train`: one model from random weights to averaged ones, resumable at every epoch."""

import json
import logging
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from tensorboard.summary import Writer

from digits_train import checkpoint, distill, git
from digits_train.augment import Augmenter
from digits_train.config import Config
from digits_train.curriculum import Curriculum
from digits_train.data import NOT_A_DIGIT
from digits_train.model import build
from digits_train.plan import Plan
from digits_train.teachers import Teachers

log = logging.getLogger(__name__)

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]
Figures = dict[str, float]


def train(
    config: Config,
    model_name: str,
    curriculum: Curriculum,
    work: Path,
    *,
    teachers: Sequence[Path] = (),
    run: str | None = None,
    until: int | None = None,
) -> None:
    """Train `model_name` and leave `work`/NAME.weights.h5, the averaged weights.

    NAME is `run` or else the model's name. NAME.train.json beside it says of
    what configuration and commit they are, NAME.curves.json lists the figures
    of each epoch. `teachers` are exported ONNX files, which a student listens to.

    Goes on from the last checkpoint in `work`, as if it had never stopped.
    `until` ends it after that many epochs. Raises `WorkFolderMismatch` when the
    checkpoint is another configuration's.
    """
    run = run or model_name
    listened = Teachers(teachers) if teachers else None
    if listened:
        config = replace(config, teachers=listened.digests)
    trainer = Trainer(config, model_name, curriculum, listened)
    path, curves = work / f"{run}.checkpoint.npz", work / f"{run}.curves.json"
    identity = config.of(model_name)
    done = trainer.resume(path, identity) if path.exists() else 0
    figures: list[Figures] = json.loads(curves.read_text("utf-8"))[:done] if done else []
    epochs = config.optimisation(model_name).epochs
    board = Writer(str(work / "tensorboard" / run))
    with Progress(transient=True) as progress:
        for epoch in range(done, min(until or epochs, epochs)):
            figures.append(trainer.epoch(epoch, progress))
            # Before the checkpoint: an interruption in between repeats the epoch and its figures.
            curves.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
            checkpoint.save(path, trainer.variables, identity, epoch + 1)
            for key, value in figures[-1].items():
                board.add_scalar(key, value, epoch)
            _tell(progress.console, run, epoch, epochs, figures[-1])
    board.close()
    part = work / f"part.{run}.weights.h5"
    trainer.average.save_weights(part)
    origin = {"config": identity, "commit": git.head(Path(__file__).parent)}
    (work / f"{run}.train.json").write_text(json.dumps(origin, indent=2) + "\n", "utf-8")
    part.replace(work / f"{run}.weights.h5")


class Trainer:
    """A model, its optimiser and its running average, an epoch at a time."""

    def __init__(
        self,
        config: Config,
        model_name: str,
        curriculum: Curriculum,
        teachers: Teachers | None = None,
    ) -> None:
        self._config = config
        self._curriculum = curriculum
        self._teachers = teachers
        self._augment = Augmenter(config.augmentation, config.seed)
        self._plan = Plan(config, curriculum)
        self.model = build(model_name, config.seed, config.norm_momentum)
        # The moving average of all weights, norm statistics included, up to date after each epoch.
        self.average = build(model_name, config.seed, config.norm_momentum)
        # Meanwhile in numpy: 40 device operations a step would cost the MLP as much as its step.
        self._means = [np.array(v.numpy()) for v in self.average.weights]
        settings = config.optimisation(model_name)
        optimizer = keras.optimizers.AdamW(
            OneCycle(settings.peak_rate, settings.epochs * self._plan.batches, config.warm_up),
            weight_decay=config.weight_decay,
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        loss = (
            distill.Loss(config.teaching.temperature, config.label_smoothing)
            if teachers
            else keras.losses.CategoricalCrossentropy(
                from_logits=True, label_smoothing=config.label_smoothing
            )
        )
        self.model.compile(optimizer=optimizer, loss=loss, jit_compile=False)
        optimizer.build(self.model.trainable_variables)

    def resume(self, path: Path, identity: dict[str, Any]) -> int:
        """Go back to a checkpoint and return how many epochs were done by then."""
        done = checkpoint.load(path, self.variables, identity)
        self._means = [np.array(v.numpy()) for v in self.average.weights]
        return done

    @property
    def variables(self) -> list[keras.Variable]:
        """All that changes while training: weights, seeds' states, optimiser, average."""
        optimizer = self.model.optimizer
        return [*self.model.variables, *optimizer.variables, *self.average.weights]

    def epoch(self, epoch: int, progress: Progress) -> Figures:
        """Train for one epoch and return its figures: loss, rate, images a second, accuracies."""
        task = progress.add_task(f"{self.model.name} epoch {epoch + 1}", total=self._plan.batches)
        started = time.perf_counter()
        loss = 0.0
        for step, (images, targets) in enumerate(_ahead(self._batches(epoch))):
            loss += float(self.model.train_on_batch(images, targets))
            self._follow(epoch * self._plan.batches + step)
            progress.advance(task)
        for variable, mean in zip(self.average.weights, self._means, strict=True):
            variable.assign(mean)
        progress.remove_task(task)
        seconds = time.perf_counter() - started
        return {
            "loss": loss / self._plan.batches,
            "learning_rate": float(self.model.optimizer.learning_rate),
            "images_per_second": self._plan.batches * self._config.batch / seconds,
            **accuracies(self.average, self._curriculum),
        }

    def _batches(self, epoch: int) -> Iterator[Batch]:
        for step, batch in enumerate(self._plan.epoch(epoch)):
            rng = np.random.default_rng([self._config.seed, epoch, step])
            images, targets = self._augment(batch.images, rng, batch.strength), batch.targets
            if self._teachers:
                targets = distill.targets(targets, self._teachers(images), self._config.teaching)
            yield images, targets

    def _follow(self, step: int) -> None:
        # A young average must not remember the random start.
        keep = min(self._config.ema, (1 + step) / (10 + step))
        for mean, weight in zip(self._means, self.model.weights, strict=True):
            np.multiply(mean, keep, out=mean)
            np.add(mean, (1 - keep) * weight.numpy(), out=mean)


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, the next one made while the last one trains: a fifth of the MLP's step."""
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = maker.submit(next, batches, None)
            yield batch


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # keras is untyped
    """Up to `peak` in a line for the first `warm_up` of `steps`, then down a cosine to 0."""

    def __init__(self, peak: float, steps: int, warm_up: float) -> None:
        self._peak, self._steps, self._warm_up = peak, steps, warm_up

    def __call__(self, step: object) -> object:
        done = ops.minimum(ops.cast(step, "float32") / self._steps, 1.0)
        rise = done / self._warm_up
        fall = 0.5 * (1 + ops.cos(math.pi * (done - self._warm_up) / (1 - self._warm_up)))
        return self._peak * ops.where(rise < 1, rise, fall)

    def get_config(self) -> dict[str, float]:
        return {"peak": self._peak, "steps": self._steps, "warm_up": self._warm_up}


def accuracies(model: keras.Model, curriculum: Curriculum) -> Figures:
    """What the model makes of the validation pictures, as shares.

    Of the digits those read right and those taken for digits at all, of the
    rest those taken for none.
    """
    data, photos = curriculum.data, curriculum.photos
    digits = photos.labels != NOT_A_DIGIT
    figures: Figures = {}
    for name, images, labels in (
        ("digits", data.validation, data.validation_labels),
        ("drawn", data.validation_drawn, data.validation_drawn_labels),
        ("photos", photos.images[digits], photos.labels[digits]),
    ):
        if len(images):
            answers = logits(model, images)
            figures[f"validation_{name}"] = right(answers, labels)
            figures[f"validation_{name}_kept"] = 1 - refused(answers)
    figures["validation_outliers"] = refused(logits(model, data.validation_outliers))
    if not digits.all():
        figures["validation_photos_refused"] = refused(logits(model, photos.images[~digits]))
    return figures


def logits(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Ask the model about uint8[N, 28, 28]: float32[N, 11]."""
    return model.predict(images.astype(np.float32) / 255, batch_size=500, verbose=0)


def right(answers: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """The share read right: the best of the ten digits counts, as the recogniser has it."""
    return float(np.mean(answers[:, :NOT_A_DIGIT].argmax(axis=1) == labels))


def refused(answers: NDArray[np.float32]) -> float:
    """The share taken for no digit."""
    return float(np.mean(answers.argmax(axis=1) == NOT_A_DIGIT))


def _tell(console: Console, name: str, epoch: int, epochs: int, figures: dict[str, float]) -> None:
    shares = "  ".join(
        f"{key.removeprefix('validation_')} {100 * value:.2f} %"
        for key, value in figures.items()
        if key.startswith("validation_")
    )
    console.print(
        f"{name} {epoch + 1}/{epochs}  loss {figures['loss']:.4f}  {shares}  "
        f"{figures['images_per_second']:,.0f} images/s",
        highlight=False,
        soft_wrap=True,
    )
