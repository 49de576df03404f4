"""Stage `reader tiles`: pieces of pages as the reader will see them, and where characters stand.

Pages are composed, photographed and laid out as in service; strings of MNIST's
digits at their own size come beside them, and surfaces on which nobody has
written.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np
from digits_core.image import PAGE_VERSION, Page, lay_out
from numpy.typing import NDArray

from digits_train import fonts
from digits_train.data import Data
from digits_train.non_digits import Nearness
from digits_train.reading.composition import Composition, Spacing, string
from digits_train.reading.sheets import Sheets
from digits_train.scene import Studio
from digits_train.shards import Arrays, Item, Kit, Shards, save, sizes
from digits_train.sources import Sources
from digits_train.surfaces import SURFACES
from digits_train.texture import Texture
from digits_train.workshop import material

SHAPE = (64, 160)
"""Rows and columns of a tile: more than two characters high, six wide."""

SHARD = 1_000
A_PAGE = 3
"""So many tiles are cut from a page."""

WATCHED = 2_000
"""As many tiles by other hands are looked at after each epoch."""

BARE = 0.1
"""So many tiles more, as a share, show surfaces without a character."""

STYLES = {"canvas": 0.20, "photo": 0.56, "scan": 0.14, "hard": 0.10}
"""How pages come to be: photographed more often than single digits, and hardest to read then."""

_VALIDATION = "validation.npz"
_BARE = "bare-"

_STRINGS = 0.35
_SPACINGS: tuple[Spacing, ...] = ("separated", "touching", "overlapping")
# Of the pages so many are laid out too large or too small, by this deviation of the logarithm: in
# service a scale is looked at again only where characters are found on it.
_MISJUDGED, _BY = 0.35, 0.3
# Characters of other heights, in pixels of the page, are looked at again in service.
_LOWEST, _TALLEST = 12.0, 42.0
_REFERENCES = 8_000


@dataclass(frozen=True, slots=True)
class Tiles:
    """`pixels` uint8[N, *SHAPE]; `boxes` float32[M, 5]: label, middle x, y, width, height.

    Those of tile n are `boxes[start[n] : start[n + 1]]`, in pixels of the tile.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    start: NDArray[np.int64]

    @classmethod
    def load(cls, work: Path) -> "Tiles":
        """Read every shard. Raises `StageMissing`."""
        return cls._of(_shards(work).load(_sizes))

    @classmethod
    def watched(cls, work: Path) -> "Tiles":
        """Read those that training is watched on, by other hands. Raises `StageMissing`."""
        return cls._of([_shards(work).read(_VALIDATION)])

    @classmethod
    def _of(cls, parts: list[Arrays]) -> "Tiles":
        counts = np.concatenate([part["count"] for part in parts])
        return cls(
            np.concatenate([part["pixels"] for part in parts]),
            np.concatenate([part["boxes"] for part in parts]),
            np.concatenate([[0], counts.cumsum()]),
        )

    def boxes_of(self, tile: int) -> NDArray[np.float32]:
        """The boxes of one tile, float32[n, 5]."""
        return self.boxes[self.start[tile] : self.start[tile + 1]]


class Bindery:
    """What a process needs to make tiles of one side of the validation split."""

    def __init__(self, sheets: Sheets, data: Data, seed: int, *, validation: bool) -> None:
        self.sheets = sheets
        self.seed = seed
        self._images = data.validation if validation else data.train
        self._labels = data.validation_labels if validation else data.train_labels

    @classmethod
    def open(
        cls,
        work: Path,
        data_dir: Path | None,
        fonts_dir: Path | None,
        seed: int,
        with_pens: bool,
        *,
        validation: bool,
    ) -> "Bindery":
        """Gather the material of one side. Raises `StageMissing`, `DataMissing`."""
        cv2.setNumThreads(1)
        data = Data.load(work)
        rng = np.random.default_rng([seed, 15])
        other = (data_dir or work) / "other" if with_pens else None
        there = material(data, other, fonts_dir, rng, validation=validation)
        texture = Texture(seed + validation)
        near = Nearness(data.train[rng.permutation(len(data.train))[:_REFERENCES]])
        studio = Studio(texture, tilting=False)
        sheets = Sheets(
            Sources(there, texture, reshaping=not validation), studio, near, styles=STYLES
        )
        return cls(sheets, data, seed, validation=validation)

    def tiles(
        self, count: int, rng: np.random.Generator
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        """`count` tiles uint8[*SHAPE], each with its boxes float32[n, 5]."""
        self.sheets.studio.forget()
        made: list[tuple[NDArray[np.uint8], NDArray[np.float32]]] = []
        while len(made) < count:
            if rng.random() < _STRINGS / (_STRINGS + (1 - _STRINGS) / A_PAGE):
                composed = self.string(int(rng.integers(1, 7)), _pick(rng), rng)
                page, times = lay_out(composed.ink), 1
            else:
                picture, composed = self.sheets.photographed(rng)
                page, times = _laid_out(picture, composed, rng), A_PAGE
            if page is None or (boxes := places(composed, page)) is None:
                continue
            made += [_tile(page, boxes, rng) for _ in range(times)]
        order = rng.permutation(len(made))[:count]
        return [made[index] for index in order]

    def bare(
        self, count: int, rng: np.random.Generator
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        """`count` tiles of surfaces, with no boxes."""
        texture = self.sheets.studio.texture
        none = np.zeros((0, 5), np.float32)
        made: list[tuple[NDArray[np.uint8], NDArray[np.float32]]] = []
        while len(made) < count:
            page = lay_out(SURFACES[int(rng.integers(len(SURFACES)))](texture, rng))
            if page is not None:
                made.append(_tile(page, none, rng))
        return made

    def string(self, length: int, spacing: Spacing, rng: np.random.Generator) -> Composition:
        """A string of so many of this side's digits of MNIST."""
        chosen = rng.integers(0, len(self._images), length)
        return string(list(self._images[chosen]), self._labels[chosen].tolist(), spacing, rng)


def folder(work: Path) -> Path:
    """Where the tiles of the present layout lie."""
    return work / f"tiles-v{PAGE_VERSION}"


def make(
    count: int,
    seed: int,
    work: Path,
    data_dir: Path | None = None,
    fonts_dir: Path | None = fonts.FOLDER,
    *,
    with_pens: bool = True,
    processes: int = 1,
) -> None:
    """Write what is missing of `count` tiles.

    Raises `StageMissing` without data.npz, `DataMissing` without the strokes,
    `WorkFolderMismatch` when the tiles there were made in another way.
    """
    shards, kit = _shards(work), Kit(work, data_dir, fonts_dir, seed, with_pens)
    shards.claim({"layout": PAGE_VERSION, "seed": seed, "count": count, "styles": STYLES})
    watched = {_VALIDATION: min(WATCHED, max(100, count // 10))}
    shards.make(watched | _sizes(count), partial(_write, kit), processes)


def places(composed: Composition, page: Page) -> NDArray[np.float32] | None:
    """The boxes of a composition on its page, float32[n, 5]; None where the scale is far off."""
    boxes = np.array(
        [(c.label, c.left, c.top, c.right, c.bottom) for row in composed.rows for c in row],
        np.float32,
    ).reshape(-1, 5)
    corner = np.array([page.left, page.top] * 2, np.float32)
    edges = (boxes[:, 1:] - corner) / np.float32(page.scale)
    sizes = edges[:, 2:] - edges[:, :2]
    if len(boxes) and not _LOWEST <= np.median(sizes[:, 1]) <= _TALLEST:
        return None
    return np.concatenate([boxes[:, :1], (edges[:, :2] + edges[:, 2:]) / 2, sizes], axis=1)


def _laid_out(
    picture: NDArray[np.uint8], composed: Composition, rng: np.random.Generator
) -> Page | None:
    heights = [c.height for row in composed.rows for c in row]
    if heights and rng.random() < _MISJUDGED:
        return lay_out(picture, float(np.median(heights) * np.exp(rng.normal(0, _BY))))
    return lay_out(picture)


def _tile(
    page: Page, boxes: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A tile somewhere about one of the characters; what is beyond the page is black."""
    size = np.array(page.pixels.shape[::-1])
    middle = boxes[int(rng.integers(len(boxes))), 1:3] if len(boxes) else rng.random(2) * size
    tile = np.zeros(SHAPE, np.uint8)
    offset = []
    for length, side, at in zip(page.pixels.shape, SHAPE, middle[::-1], strict=True):
        if length <= side:
            offset.append(-int(rng.integers(0, side - length + 1)))
        else:
            near = round(float(at) - side / 2 + rng.uniform(-0.3, 0.3) * side)
            offset.append(min(max(near, 0), length - side))
    top, left = offset
    part = page.pixels[max(0, top) : top + SHAPE[0], max(0, left) : left + SHAPE[1]]
    tile[
        max(0, -top) : max(0, -top) + part.shape[0], max(0, -left) : max(0, -left) + part.shape[1]
    ] = part
    moved = boxes - np.array([0, left, top, 0, 0], np.float32)
    inside = (
        (moved[:, 1] > 0) & (moved[:, 1] < SHAPE[1]) & (moved[:, 2] > 0) & (moved[:, 2] < SHAPE[0])
    )
    return tile, moved[inside]


def _pick(rng: np.random.Generator) -> Spacing:
    return _SPACINGS[int(rng.integers(len(_SPACINGS)))]


def _shards(work: Path) -> Shards:
    return Shards(folder(work), "tiles", "reader tiles")


def _sizes(count: int) -> dict[str, int]:
    """The files of `count` tiles, then those of the bare ones, and how many each holds."""
    return sizes(count, SHARD) | sizes(round(BARE * count), SHARD, _BARE)


def _write(kit: Kit, item: Item) -> None:
    path, count = item
    validation, bare = path.name == _VALIDATION, path.name.startswith(_BARE)
    number = 0 if validation else int(path.stem.removeprefix(_BARE))
    bindery = _bindery(kit, validation)
    rng = np.random.default_rng([kit.seed, 19 if bare else 16, number])
    made = bindery.bare(count, rng) if bare else bindery.tiles(count, rng)
    save(
        path,
        pixels=np.stack([pixels for pixels, _ in made]),
        boxes=np.concatenate([boxes for _, boxes in made]),
        count=np.array([len(boxes) for _, boxes in made], np.int64),
    )


@lru_cache(maxsize=2)
def _bindery(kit: Kit, validation: bool) -> Bindery:
    """The one of a process, for training or for validation: opening takes seconds."""
    return Bindery.open(*kit, validation=validation)
