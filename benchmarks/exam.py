"""The published models and the sets they are measured on, each prepared and asked once."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pictures
from digits_core import ImageError, Normalized, Recognizer, from_pixels, prepare
from digits_core.bundle import published
from digits_core.recognizer import Picture
from digits_train import corruptions, trials
from digits_train.answers import Answers
from numpy.typing import NDArray

THREADS = 2
SEED = 633
"""Of the generated sets; any would do, this one is in the table for good."""


@dataclass(frozen=True)
class Prepared:
    """Pictures as the models see them, or why one cannot be seen."""

    seen: Sequence[Normalized | ImageError]
    labels: Sequence[int | None]
    groups: dict[str, NDArray[np.str_]] = field(default_factory=dict)

    def of(self, column: str, group: str) -> NDArray[np.bool_]:
        """bool[N]: which pictures belong to the group."""
        return self.groups[column] == group


class Exam:
    """Asks every published model in `models_dir` about the sets in `data`, in this process.

    What was prepared is kept, and so are answers: rows may ask again.
    """

    def __init__(self, data: Path, models_dir: Path) -> None:
        self.data = data
        self.models = {
            name: Recognizer.load(name, models_dir, threads=THREADS)
            for name in published(models_dir)
        }
        self._prepared: dict[str, Prepared] = {}
        self._answers: dict[tuple[str, str], Answers] = {}

    def set(self, name: str) -> Prepared:
        """A set by its name in `SETS`."""
        if name not in self._prepared:
            self._prepared[name] = SETS[name](self.data)
        return self._prepared[name]

    def answers(self, model: str, name: str) -> Answers:
        """What the model answers to a set."""
        if (model, name) not in self._answers:
            asked = self.set(name)
            self._answers[model, name] = Answers.ask(self.models[model], asked.seen, asked.labels)
        return self._answers[model, name]

    def corrupted(self, model: str, name: str) -> Answers:
        """What the model answers to MNIST's test images after a corruption of that name."""
        images, labels = pictures.mnist_test(self.data)
        rng = np.random.default_rng([SEED, corruptions.NAMES.index(name)])
        seen = see(corruptions.corrupt(name, images, rng))
        return Answers.ask(self.models[model], seen, labels.tolist())

    def digests(self) -> str:
        """Name each bundle with its digest."""
        return ", ".join(
            f"{name} {model.version} (SHA-256 {model.bundle.manifest.digest[:12]})"
            for name, model in self.models.items()
        )


def see(shown: Iterable[Picture]) -> list[Normalized | ImageError]:
    """Prepare pictures as the server does; what cannot be decoded becomes its error."""
    waiting = iter(shown)
    seen: list[Normalized | ImageError] = []
    with ThreadPoolExecutor(THREADS) as pool:
        # By parts, so that generated pictures do not all wait in memory.
        while part := list(islice(waiting, 256)):
            seen += pool.map(_prepare, part)
    return seen


def _prepare(picture: Picture) -> Normalized | ImageError:
    try:
        return prepare(picture)
    except ImageError as error:
        return error


def _files(load: Callable[[Path], pictures.Labelled]) -> Callable[[Path], Prepared]:
    def prepared(data: Path) -> Prepared:
        found = load(data)
        groups = {column: np.array(values) for column, values in found.groups.items()}
        return Prepared(see(found.pictures), found.labels, groups)

    return prepared


def _drawn(
    draw: Callable[[Path, int], Iterable[tuple[NDArray[np.uint8], int]]],
) -> Callable[[Path], Prepared]:
    def prepared(data: Path) -> Prepared:
        drawings, labels = zip(*draw(data, SEED), strict=True)
        return Prepared(see(drawings), labels)

    return prepared


def _mnist_values(data: Path) -> Prepared:
    images, labels = pictures.mnist_test(data)
    return Prepared([from_pixels(image) for image in images], labels.tolist())


def _mnist_files(data: Path) -> Prepared:
    images, labels = pictures.mnist_test(data)
    return Prepared(see(map(pictures.png, images)), labels.tolist())


def _empty(data: Path) -> Prepared:  # noqa: ARG001 (a set like the others)
    seen = see(trials.empty_pictures(SEED))
    return Prepared(seen, [None] * len(seen))


SETS: dict[str, Callable[[Path], Prepared]] = {
    "mnist": _mnist_values,
    "mnist files": _mnist_files,
    "own_digits": _files(pictures.own_digits),
    "non_digits": _files(pictures.non_digits),
    "chars74k": _files(pictures.chars74k_digits),
    "chars74k letters": _files(pictures.chars74k_letters),
    "usps": _files(pictures.usps),
    "pens": _drawn(trials.pen_drawings),
    "faint": _drawn(trials.faint_digits),
    "empty": _empty,
}
