"""The sets that the models are measured on, as pictures and what they show."""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from digits_client.images import Picture
from digits_train import mnist
from numpy.typing import NDArray

TEST_FILES = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

ENLARGED_SEED = 2024


@dataclass(frozen=True)
class Labelled:
    """Pictures in order; `labels` holds the digit of each, None where it is not a digit.

    `groups` names, by column, the group of each picture.
    """

    pictures: list[Picture]
    labels: list[int | None]
    groups: dict[str, list[str]] = field(default_factory=dict)


def mnist_test(data: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return MNIST's test images uint8[10000, 28, 28] and labels uint8[10000]."""
    files = mnist.read(data / "mnist", {name: mnist.DIGESTS[name] for name in TEST_FILES})
    return files[TEST_FILES[0]], files[TEST_FILES[1]]


def usps(data: Path) -> Labelled:
    """Return USPS's 7,291 images of 16 x 16 pixels, white on black."""
    arrays = np.load(there(data / "other" / "usps.npz"))
    return Labelled([png(image) for image in arrays["x"]], arrays["y"].tolist())


def own_digits(data: Path) -> Labelled:
    """Return the pictures that people sent, by kind, fold and source."""
    return _folder(data / "own_digits", ("kind", "fold", "source_repository"))


def chars74k_digits(data: Path) -> Labelled:
    """Return the digits of Chars74K."""
    return _folder(data / "chars74k", (), type="digit")


def chars74k_letters(data: Path) -> Labelled:
    """Return the letters of Chars74K that nobody takes for digits."""
    return _folder(data / "chars74k", (), type="letter", confusable_with_digit="no")


def non_digits(data: Path) -> Labelled:
    """Return letters, symbols, noise and objects that nobody takes for digits."""
    return _folder(data / "non_digits", ("kind", "fold"), confusable_with_digit="no")


def png(image: NDArray[np.uint8]) -> bytes:
    """Return the picture as a PNG file."""
    return cv2.imencode(".png", image)[1].tobytes()


def enlarged(images: NDArray[np.uint8]) -> Iterator[bytes]:
    """Yield each image as somebody might send it: 3 to 10 times as large, anywhere on its paper.

    Every second one is dark on bright, and of each polarity every second one is
    a JPEG file. The paper has up to another digit's width and height around it.
    """
    draw = np.random.default_rng(ENLARGED_SEED)
    for index, image in enumerate(images):
        side = round(28 * draw.uniform(3, 10))
        large = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
        above, below, left, right = (int(draw.uniform(0, side / 2)) for _ in range(4))
        sheet = cv2.copyMakeBorder(large, above, below, left, right, cv2.BORDER_CONSTANT, value=0)
        if index % 2:
            sheet = 255 - sheet
        if index % 4 < 2:
            yield png(sheet)
        else:
            yield cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def there(path: Path) -> Path:
    """Return the path; where nothing is, say so and end the program."""
    if not path.exists():
        sys.exit(
            f"{path} is missing: not all sets may be passed on; leave out what needs it, as "
            "--help says, or name another folder with --data-dir"
        )
    return path


def _folder(folder: Path, columns: tuple[str, ...], **wanted: str) -> Labelled:
    """Return the pictures of `labels.csv` whose columns hold what is wanted."""
    with there(folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if all(row[column] == value for column, value in wanted.items())
        ]
    return Labelled(
        pictures=[folder / row["file"] for row in rows],
        labels=[int(row["label"]) if row["label"].isdigit() else None for row in rows],
        groups={column: [row[column] for row in rows] for column in columns},
    )
