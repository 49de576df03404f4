"""The sets of pictures that a report measures on."""

import csv
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits_train import trials
from digits_train.answers import Shown
from digits_train.data import Data
from digits_train.errors import DataMissing

log = logging.getLogger(__name__)

SEED = 633
"""Of the generated sets: that of the acceptance table, so that the figures are the same."""

EMPTY = 500
"""The first of the acceptance table's 10,000: that many would take longer than all the rest."""

TEST = "MNIST test"
OWN = "own digits"


@dataclass(frozen=True, slots=True)
class Set:
    """Pictures, and of each the group it belongs to, by column.

    `digits` says that they show one digit each; else none of them does.
    """

    name: str
    shown: Shown
    digits: bool = True
    groups: dict[str, NDArray[np.str_]] = field(default_factory=dict)


def load(data: Data, data_dir: Path | None) -> list[Set]:
    """MNIST's test images, then what `data_dir` holds; a set that is not there is left out."""
    found = [Set(TEST, Shown.values(data.test, data.test_labels.tolist()))]
    for name, read in _SETS.items():
        try:
            if data_dir is None:
                raise DataMissing("no folder of data was named")
            found.append(read(name, data_dir))
        except (DataMissing, FileNotFoundError) as error:
            log.warning("%s is left out: %s", name, error)
    outliers = data.validation_outliers
    nothing = Shown.values(outliers, [None] * len(outliers))
    found.append(Set("validation's outliers", nothing, digits=False))
    return found


def _own(name: str, data_dir: Path) -> Set:
    return _folder(name, data_dir / "own_digits", ("kind", "fold", "source_repository"))


def _chars74k(name: str, data_dir: Path) -> Set:
    return _folder(name, data_dir / "chars74k", (), type="digit")


def _arrays(file: str) -> Callable[[str, Path], Set]:
    def read(name: str, data_dir: Path) -> Set:
        with np.load(data_dir / "other" / file) as arrays:
            images, labels = arrays["x"], arrays["y"].tolist()
        return Set(name, Shown.pictures(zip(images, labels, strict=True)))

    return read


def _pens(name: str, data_dir: Path) -> Set:
    return Set(name, Shown.pictures(trials.pen_drawings(data_dir, SEED)))


def _empty(name: str, data_dir: Path) -> Set:  # noqa: ARG001 (generated, like any other else)
    pictures = islice(trials.empty_pictures(SEED), EMPTY)
    return Set(name, Shown.pictures((picture, None) for picture in pictures), digits=False)


def _non_digits(name: str, data_dir: Path) -> Set:
    return _folder(
        name, data_dir / "non_digits", ("kind",), digits=False, confusable_with_digit="no"
    )


def _letters(name: str, data_dir: Path) -> Set:
    return _folder(
        name,
        data_dir / "chars74k",
        (),
        digits=False,
        type="letter",
        confusable_with_digit="no",
    )


_SETS: dict[str, Callable[[str, Path], Set]] = {
    OWN: _own,
    "Chars74K digits": _chars74k,
    "USPS, 16 x 16": _arrays("usps.npz"),
    "pens of unseen writers": _pens,
    "letters, symbols, objects": _non_digits,
    "Chars74K letters": _letters,
    "blanks, noises, textures": _empty,
}


def _folder(
    name: str, folder: Path, columns: tuple[str, ...], *, digits: bool = True, **wanted: str
) -> Set:
    """The pictures of `labels.csv` whose columns hold what is wanted."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if all(row[column] == value for column, value in wanted.items())
        ]

    def pictures() -> Iterator[tuple[Path, int | None]]:
        for row in rows:
            yield folder / row["file"], int(row["label"]) if digits else None

    groups = {column: np.array([row[column] for row in rows]) for column in columns}
    return Set(name, Shown.pictures(pictures()), digits, groups)
