"""Stage `train`: one model from random weights to averaged ones, resumable at every epoch."""

import json
import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from digits_train import checkpoint, git
from digits_train.augment import Augmenter
from digits_train.config import Config
from digits_train.data import CLASSES, NOT_A_DIGIT, Data
from digits_train.model import build
from digits_train.plan import Plan

log = logging.getLogger(__name__)

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


def train(
    config: Config, model_name: str, data: Data, work: Path, *, until: int | None = None
) -> None:
    """Train `model_name` and leave `work`/NAME.weights.h5, the averaged weights.

    NAME.train.json beside it says of what configuration and commit they are.

    Goes on from the last checkpoint in `work`, as if it had never stopped.
    `until` ends it after that many epochs. Raises `WorkFolderMismatch` when the
    checkpoint is another configuration's.
    """
    trainer = Trainer(config, model_name, data)
    path = work / f"{model_name}.checkpoint.npz"
    identity = config.of(model_name)
    done = trainer.resume(path, identity) if path.exists() else 0
    epochs = config.optimisation(model_name).epochs
    board = keras.callbacks.TensorBoard(str(work / "tensorboard" / model_name), write_graph=False)
    board.set_model(trainer.model)
    board.on_train_begin()
    with Progress(transient=True) as progress:
        for epoch in range(done, min(until or epochs, epochs)):
            figures = trainer.epoch(epoch, progress)
            checkpoint.save(path, trainer.variables, identity, epoch + 1)
            board.on_epoch_end(epoch, figures)
            _tell(progress.console, model_name, epoch, epochs, figures)
    board.on_train_end()
    part = work / f"{model_name}.part.weights.h5"
    trainer.average.save_weights(part)
    origin = {"config": identity, "commit": git.head(Path(__file__).parent)}
    (work / f"{model_name}.train.json").write_text(json.dumps(origin, indent=2) + "\n", "utf-8")
    part.replace(work / f"{model_name}.weights.h5")


class Trainer:
    """A model, its optimiser and its running average, an epoch at a time."""

    def __init__(self, config: Config, model_name: str, data: Data) -> None:
        self._config = config
        self._data = data
        self._augment = Augmenter(config.augmentation, config.seed)
        self._plan = Plan(config, data)
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
        loss = keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=config.label_smoothing
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

    def epoch(self, epoch: int, progress: Progress) -> dict[str, float]:
        """Train for one epoch and return its figures: loss, rate, images a second, accuracies."""
        task = progress.add_task(f"{self.model.name} epoch {epoch + 1}", total=self._plan.batches)
        started = time.perf_counter()
        loss = 0.0
        for step, (images, targets) in enumerate(self._batches(epoch)):
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
            **accuracies(self.average, self._data),
        }

    def _batches(self, epoch: int) -> Iterator[Batch]:
        for step, (images, labels) in enumerate(self._plan.epoch(epoch)):
            rng = np.random.default_rng([self._config.seed, epoch, step])
            yield self._augment(images, rng), np.eye(CLASSES, dtype=np.float32)[labels]

    def _follow(self, step: int) -> None:
        # A young average must not remember the random start.
        keep = min(self._config.ema, (1 + step) / (10 + step))
        for mean, weight in zip(self._means, self.model.weights, strict=True):
            np.multiply(mean, keep, out=mean)
            np.add(mean, (1 - keep) * weight.numpy(), out=mean)


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


def accuracies(model: keras.Model, data: Data) -> dict[str, float]:
    """What the model makes of the validation pictures, as shares.

    Of the digits those read right and those taken for digits at all, of the
    outliers those told as such. The answer is the best of the ten digits, also
    where "not a digit" scores higher, as the recogniser has it.
    """
    figures = {}
    for name, images, labels in (
        ("digits", data.validation, data.validation_labels),
        ("drawn", data.validation_drawn, data.validation_drawn_labels),
    ):
        if len(images):
            logits = _logits(model, images)
            figures[f"validation_{name}"] = _share(logits[:, :NOT_A_DIGIT].argmax(axis=1) == labels)
            figures[f"validation_{name}_kept"] = _share(logits.argmax(axis=1) != NOT_A_DIGIT)
    refused = _logits(model, data.validation_outliers).argmax(axis=1) == NOT_A_DIGIT
    return figures | {"validation_outliers": _share(refused)}


def _logits(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return model.predict(images.astype(np.float32) / 255, batch_size=500, verbose=0)


def _share(hits: NDArray[np.bool_]) -> float:
    return float(np.mean(hits))


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
