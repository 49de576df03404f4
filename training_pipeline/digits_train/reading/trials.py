"""What a reader is measured on, made by seeded generators from digits that no training saw."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits_train import mnist, strokes
from digits_train.data import UNSEEN_WRITERS
from digits_train.non_digits import Nearness
from digits_train.reading.composition import Spacing, string
from digits_train.reading.sheets import Sheets
from digits_train.scene import Studio
from digits_train.sources import Material, Sources
from digits_train.strokes import Drawn
from digits_train.texture import Texture

Picture = NDArray[np.uint8]

LENGTHS = range(1, 7)
_REFERENCES = 4_000


@dataclass(frozen=True, slots=True)
class Score:
    """How a text agrees with what stands there; spaces do not count.

    `rows` are those read right, of `of_rows`; `edits` characters would have to
    be changed, of `of_characters`.
    """

    exact: bool
    rows: int
    of_rows: int
    edits: int
    of_characters: int


def score(read: str, wanted: str) -> Score:
    """Compare two texts, rows apart by newlines."""
    got, want = (text.replace(" ", "").split() for text in (read, wanted))
    blocks = SequenceMatcher(None, got, want, autojunk=False).get_matching_blocks()
    one, other = "".join(got), "".join(want)
    return Score(
        exact=got == want,
        rows=sum(block.size for block in blocks),
        of_rows=len(want),
        edits=distance(one, other),
        of_characters=len(other),
    )


def distance(one: str, other: str) -> int:
    """Levenshtein's (1966): how many characters to put in, take out or change."""
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(row[-1] + 1, last[j] + 1, last[j - 1] + (a != b)))
        last = row
    return last[-1]


def strings(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], spacing: Spacing, count: int, seed: int
) -> Iterator[tuple[Picture, str]]:
    """Strings of 1 to 6 digits of MNIST, uint8[N, 28, 28], white on black at their own size."""
    rng = np.random.default_rng([seed, len(spacing)])
    for _ in range(count):
        chosen = rng.integers(0, len(images), int(rng.choice(LENGTHS)))
        made = string(list(images[chosen]), labels[chosen].tolist(), spacing, rng)
        yield made.ink, made.text


def pages(data_dir: Path, count: int, seed: int) -> Iterator[tuple[Picture, str]]:
    """Rows of digits, some of them touching, on paper and before a camera."""
    sheets = _sheets(data_dir, seed)
    sheets.mixed = sheets.letters = 0.0
    sheets.spacings = (("separated", 0.8), ("touching", 0.2))
    sheets.styles = {"photo": 1.0}
    yield from _photographed(sheets, count, np.random.default_rng([seed, 31]))


def letters(data_dir: Path, count: int, seed: int) -> Iterator[Picture]:
    """Pages of what is no digit: characters of Omniglot that no training saw, scribbles, signs."""
    sheets = _sheets(data_dir, seed)
    sheets.letters = 1.0
    for picture, _ in _photographed(sheets, count, np.random.default_rng([seed, 32])):
        yield picture


def _photographed(
    sheets: Sheets, count: int, rng: np.random.Generator
) -> Iterator[tuple[Picture, str]]:
    for _ in range(count):
        picture, made = sheets.photographed(rng)
        yield picture, made.text


def _sheets(data_dir: Path, seed: int) -> Sheets:
    """Pages by the unseen writers on papers of their own."""
    files = mnist.read(data_dir / "mnist")
    train = files["train-images-idx3-ubyte"]
    material = Material(
        images=files["t10k-images-idx3-ubyte"],
        labels=files["t10k-labels-idx1-ubyte"],
        written=_unseen(strokes.pendigits(data_dir / "other")),
        ours=False,
    )
    texture = Texture(seed)
    near = Nearness(train[:_REFERENCES])
    return Sheets(Sources(material, texture), Studio(texture, tilting=False), near)


def _unseen(drawn: Drawn) -> Drawn:
    chosen = np.flatnonzero(np.isin(drawn.person, UNSEEN_WRITERS))
    strokes_of = [drawn.strokes[index] for index in chosen]
    return Drawn(strokes_of, drawn.label[chosen], drawn.person[chosen])
