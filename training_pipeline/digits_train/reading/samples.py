"""Stage `reader close-ups`: close-ups of what the detector finds, and what stands there.

Pages are made as for tiles and looked at as in service; so what a close-up shows
is what the detector takes for a character: mostly one, at times half of one, two
that touch, a stain.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from digits_core.image import PAGE_VERSION
from digits_core.reading.close_ups import NOTHING, SIDE, close_ups
from digits_core.reading.detector import Character
from digits_core.reading.eye import look
from digits_core.reading.nets import Nets
from numpy.typing import NDArray

from digits_train import fonts
from digits_train.reading.composition import Composition, Spacing
from digits_train.reading.exporting import unrefined
from digits_train.reading.publishing import bundle
from digits_train.reading.tiles import STYLES, Bindery, places
from digits_train.shards import Arrays, Item, Kit, Shards, save, sizes
from digits_train.surfaces import SURFACES

MARGIN = 4
"""More than a close-up is kept, so that it can be shifted, turned and enlarged."""

SHARD = 400
"""Pictures."""

_KINDS = {"page": 0.50, "string": 0.42, "surface": 0.08}
_SPACINGS: tuple[Spacing, ...] = ("separated", "touching", "overlapping")
_VALIDATION = "validation.npz"
_UNREFINED = "detector.onnx"
# Where a middle lies within the first share of the size of what stands there, it is that; beyond
# the second nothing; in between nobody can say.
_NEAR, _AWAY = 0.25, 0.45
# Of what is wrongly found the likeliest is shown: so many a character, and so many more.
_FALSE, _MORE = 0.6, 2
# The true boxes, moved and enlarged as the detector's often are, are shown as well.
_MOVED, _SCALED = 0.06, 0.1


@dataclass(frozen=True, slots=True)
class Samples:
    """`pixels` uint8[N, S, S] with S = `SIDE` + 2 `MARGIN`, `labels` uint8[N], 0 to 11."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    @classmethod
    def load(cls, work: Path) -> "Samples":
        """Read every shard. Raises `StageMissing`."""
        return cls._of(_shards(work).load(_sizes))

    @classmethod
    def watched(cls, work: Path) -> "Samples":
        """Read those that training is watched on, by other hands. Raises `StageMissing`."""
        return cls._of([_shards(work).read(_VALIDATION)])

    @classmethod
    def _of(cls, parts: list[Arrays]) -> "Samples":
        return cls(
            np.concatenate([part["pixels"] for part in parts]),
            np.concatenate([part["labels"] for part in parts]),
        )


class Photographer:
    """Takes close-ups of one side of the validation split."""

    def __init__(self, bindery: Bindery, nets: Nets) -> None:
        self._bindery = bindery
        self._nets = nets

    def take(
        self, count: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Close-ups of `count` pictures, uint8[N, S, S] and uint8[N]."""
        bindery = self._bindery
        bindery.sheets.studio.forget()
        pixels, labels = [], []
        for kind in rng.choice(list(_KINDS), count, p=list(_KINDS.values())).tolist():
            if kind == "page":
                picture, composed = bindery.sheets.photographed(rng)
            elif kind == "string":
                spacing = _SPACINGS[int(rng.integers(len(_SPACINGS)))]
                composed = bindery.string(int(rng.integers(1, 7)), spacing, rng)
                picture = composed.ink
            else:
                texture = bindery.sheets.studio.texture
                picture = SURFACES[int(rng.integers(len(SURFACES)))](texture, rng)
                composed = Composition(picture, ())
            shown, wanted = self._of(picture, composed, rng)
            pixels.append(shown)
            labels.append(wanted)
        return np.concatenate(pixels), np.concatenate(labels)

    def _of(
        self, picture: NDArray[np.uint8], composed: Composition, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        seen = look(self._nets, picture)
        truth = places(composed, seen[0]) if seen else None
        if seen is None or truth is None:
            return np.zeros((0, SIDE + 2 * MARGIN, SIDE + 2 * MARGIN), np.uint8), np.zeros(
                0, np.uint8
            )
        page, found = seen
        spare = round(_FALSE * len(truth)) + _MORE
        boxes, labels = _moved(truth, rng), truth[:, 0].astype(int).tolist()
        for character in found:  # the surest first
            label = label_of(character, truth)
            if label is None or (label == NOTHING and not spare):
                continue
            spare -= label == NOTHING
            boxes.append(list(character.box))
            labels.append(label)
        cut = close_ups(page.pixels, np.array(boxes, float).reshape(-1, 4), MARGIN)
        return cut, np.array(labels, np.uint8)


def folder(work: Path) -> Path:
    """Where the close-ups of the present layout lie."""
    return work / f"close-ups-v{PAGE_VERSION}"


def make(
    pictures: int,
    seed: int,
    work: Path,
    data_dir: Path | None = None,
    fonts_dir: Path | None = fonts.FOLDER,
    *,
    with_pens: bool = True,
    processes: int = 1,
) -> None:
    """Write what is missing of the close-ups of so many `pictures`.

    Raises `StageMissing` without data.npz or a trained detector, `DataMissing`
    without the strokes, `WorkFolderMismatch` when those there were made in another way.
    """
    shards, kit = _shards(work), Kit(work, data_dir, fonts_dir, seed, with_pens)
    # The refiner beside the detector is not asked here.
    nets, digest = unrefined(work, seed)
    how = {"layout": PAGE_VERSION, "seed": seed, "count": pictures, "styles": STYLES}
    shards.claim(how | {"detector": digest})
    (folder(work) / _UNREFINED).write_bytes(nets)
    watched = {_VALIDATION: min(SHARD, max(20, pictures // 10))}
    shards.make(watched | _sizes(pictures), partial(_write, kit), processes)


def _shards(work: Path) -> Shards:
    return Shards(folder(work), "close-ups", "reader close-ups")


def _sizes(pictures: int) -> dict[str, int]:
    return sizes(pictures, SHARD)


def _moved(truth: NDArray[np.float32], rng: np.random.Generator) -> list[list[float]]:
    """Boxes float32[n, 5] as the detector might have drawn them: left, top, right, bottom."""
    sizes = truth[:, 3:5] * np.exp(rng.normal(0, _SCALED, (len(truth), 2)))
    longer = truth[:, 3:5].max(axis=1, initial=0)[:, None]
    middles = truth[:, 1:3] + rng.normal(0, _MOVED, (len(truth), 2)) * longer
    boxes: list[list[float]] = np.concatenate(
        [middles - sizes / 2, middles + sizes / 2], 1
    ).tolist()
    return boxes


def label_of(character: Character, truth: NDArray[np.float32]) -> int | None:
    """What stands in the middle of what was found, 0 to 11; None where nobody can say.

    `truth` float32[N, 5] holds label, middle x, y, width and height.
    """
    x, y = character.middle
    best, away = NOTHING, np.inf
    for label, left, top, width, height in truth.tolist():
        across = abs(x - left) / max(width, 0.4 * height)
        down = abs(y - top) / max(height, 0.4 * width)
        if max(across, down) < away:
            best, away = int(label), max(across, down)
    return best if away <= _NEAR else NOTHING if away > _AWAY else None


def _write(kit: Kit, item: Item) -> None:
    path, count = item
    validation = path.name == _VALIDATION
    number = 0 if validation else int(path.stem)
    rng = np.random.default_rng([kit.seed, 23, number])
    pixels, labels = _photographer(kit, validation).take(count, rng)
    save(path, pixels=pixels, labels=labels)


@lru_cache(maxsize=2)
def _photographer(kit: Kit, validation: bool) -> Photographer:
    """The one of a process, for training or for validation: opening takes seconds."""
    bindery = Bindery.open(*kit, validation=validation)
    nets = Nets(bundle((folder(kit.work) / _UNREFINED).read_bytes()))
    return Photographer(bindery, nets)
