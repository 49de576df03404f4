"""The published models and the sets they are measured on, each prepared and asked once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pictures
from digits_core import Recognizer
from digits_core.bundle import recognizers
from digits_train import corruptions, trials
from digits_train.answers import Answers, Shown

Load = Callable[[Path], Shown]

THREADS = 2
SEED = 633
"""Of the generated sets; any would do, this one is in the table for good."""


class Exam:
    """Asks every published model in `models_dir` about the sets in `data`, in this process.

    What was prepared is kept, and so are answers: rows may ask again.
    """

    def __init__(self, data: Path, models_dir: Path) -> None:
        self.data = data
        self.models = {
            name: Recognizer.load(name, models_dir, threads=THREADS)
            for name in recognizers(models_dir)
        }
        self._shown: dict[str, Shown] = {}
        self._answers: dict[tuple[str, str], Answers] = {}

    def set(self, name: str) -> Shown:
        """A set by its name in `SETS`."""
        if name not in self._shown:
            self._shown[name] = SETS[name](self.data)
        return self._shown[name]

    def answers(self, model: str, name: str) -> Answers:
        """What the model answers to a set."""
        if (model, name) not in self._answers:
            self._answers[model, name] = Answers.ask(self.models[model], self.set(name))
        return self._answers[model, name]

    def corrupted(self, model: str, name: str) -> Answers:
        """What the model answers to MNIST's test images after a corruption of that name."""
        images, labels = pictures.mnist_test(self.data)
        rng = np.random.default_rng([SEED, corruptions.NAMES.index(name)])
        corrupted = corruptions.corrupt(name, images, rng)
        shown = Shown.pictures(zip(corrupted, labels.tolist(), strict=True))
        return Answers.ask(self.models[model], shown)

    def digests(self) -> str:
        """Name each bundle with its digest."""
        return ", ".join(
            f"{name} {model.version} (SHA-256 {model.manifest.digest[:12]})"
            for name, model in self.models.items()
        )


def _files(load: Callable[[Path], pictures.Labelled]) -> Load:
    def shown(data: Path) -> Shown:
        found = load(data)
        return Shown.pictures(zip(found.pictures, found.labels, strict=True))

    return shown


def _mnist_values(data: Path) -> Shown:
    images, labels = pictures.mnist_test(data)
    return Shown.values(images, labels.tolist())


def _mnist_files(data: Path) -> Shown:
    images, labels = pictures.mnist_test(data)
    return Shown.pictures(zip(map(pictures.png, images), labels.tolist(), strict=True))


SETS: dict[str, Load] = {
    "mnist": _mnist_values,
    "mnist files": _mnist_files,
    "own_digits": _files(pictures.own_digits),
    "non_digits": _files(pictures.non_digits),
    "chars74k": _files(pictures.chars74k_digits),
    "chars74k letters": _files(pictures.chars74k_letters),
    "usps": _files(pictures.usps),
    "pens": lambda data: Shown.pictures(trials.pen_drawings(data, SEED)),
    "faint": lambda data: Shown.pictures(trials.faint_digits(data, SEED)),
    "empty": lambda _: Shown.pictures((empty, None) for empty in trials.empty_pictures(SEED)),
}
