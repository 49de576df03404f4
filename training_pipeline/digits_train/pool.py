"""Stage `pool`: training pictures that have been through the normaliser, as in service.

Writers, papers and cameras make pictures; what the normaliser makes of them is
kept, its failures included, unless no person could tell the label any more. A
folder a version of the normaliser.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np
from digits_core.image import NORMALIZER_VERSION, decode
from numpy.typing import NDArray

from digits_train import fonts
from digits_train.config import Config
from digits_train.errors import StageMissing
from digits_train.scene import SMALL, STYLES, TIGHT
from digits_train.shards import Item, Kit, Shards, save, sizes
from digits_train.sources import NAMES
from digits_train.workshop import Sample, Workshop

SHARD = 2_000
VALIDATION_SHARE = 0.02
VALIDATION_LEAST = 400


@dataclass(frozen=True, slots=True)
class Pool:
    """`pixels` uint8[N, 28, 28], white ink on black; `labels` uint8[N], 10 = not a digit.

    `source` uint8[N] counts in `sources.NAMES`. The order is random already.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    source: NDArray[np.uint8]

    @classmethod
    def load(cls, work: Path) -> "Pool":
        """Read every shard of the present normaliser's pool. Raises `StageMissing`."""
        parts = _shards(work).load(_sizes)
        return cls(
            *(np.concatenate([part[n] for part in parts]) for n in ("pixels", "labels", "source"))
        )


def folder(work: Path) -> Path:
    """Where the present normaliser's pool lies."""
    return work / f"pool-v{NORMALIZER_VERSION}"


def make(
    config: Config,
    work: Path,
    data_dir: Path | None = None,
    fonts_dir: Path | None = fonts.FOLDER,
    *,
    with_pens: bool = True,
    processes: int = 1,
) -> None:
    """Write what is missing of the pool, then the validation pictures.

    Raises `StageMissing` without data.npz, `DataMissing` without the strokes,
    `WorkFolderMismatch` when the pool there was made in another way.
    """
    with_pens = with_pens and config.data.source == "mnist"
    kit = Kit(work, data_dir, fonts_dir, config.seed, with_pens)
    shards, count = _shards(work), config.data.pool
    about = {"normalizer": NORMALIZER_VERSION, "seed": config.seed, "count": count}
    scenes = {"styles": STYLES, "small": SMALL, "tight": TIGHT}
    shards.claim(about | {"sources": _workshop(kit).shares} | scenes)
    shards.make(_sizes(count), partial(write, kit), processes)
    _validation(Workshop.open(*kit, validation=True), config, work)


def validation(work: Path) -> Iterator[Sample]:
    """The validation pictures, in random order: nobody's who wrote, drew or designed for training.

    Independent of the normaliser, which has not seen them yet. Raises `StageMissing`.
    """
    path = work / "photos.npz"
    if not path.is_file():
        raise StageMissing(f"{path} is missing: run `digits-train pool` first")
    with np.load(path) as file:
        content, start, labels, source = (
            file[name] for name in ("content", "start", "labels", "source")
        )
    for index, (label, name) in enumerate(zip(labels.tolist(), source.tolist(), strict=True)):
        picture = decode(content[start[index] : start[index + 1]].tobytes())
        yield Sample(picture, label, NAMES[name])


def _shards(work: Path) -> Shards:
    return Shards(folder(work), "pool", "pool")


def _sizes(count: int) -> dict[str, int]:
    return sizes(count, SHARD)


def write(kit: Kit, item: Item) -> None:
    """Write one shard of training pictures."""
    path, count = item
    rng = np.random.default_rng([kit.seed, 6, int(path.stem)])
    made = _workshop(kit).samples(count, rng)
    save(
        path,
        pixels=np.stack([pixels for _, pixels in made]),
        labels=np.array([sample.label for sample, _ in made], np.uint8),
        source=np.array([NAMES.index(sample.source) for sample, _ in made], np.uint8),
    )


@lru_cache(maxsize=1)
def _workshop(kit: Kit) -> Workshop:
    """The one of a process: opening takes seconds."""
    return Workshop.open(*kit, validation=False)


def _validation(workshop: Workshop, config: Config, work: Path) -> None:
    """Write the validation pictures as PNG files in one array."""
    path = work / "photos.npz"
    if path.is_file():
        return
    count = max(VALIDATION_LEAST, round(config.data.pool * VALIDATION_SHARE))
    rng = np.random.default_rng([config.seed, 7])
    made = [sample for sample, _ in workshop.samples(count, rng, whole=True)]
    files = [cv2.imencode(".png", sample.picture)[1].ravel() for sample in made]
    part = work / "photos.part.npz"
    np.savez(
        part,
        content=np.concatenate(files),
        start=np.cumsum([0, *map(len, files)]),
        labels=np.array([sample.label for sample in made], np.uint8),
        source=np.array([NAMES.index(sample.source) for sample in made], np.uint8),
    )
    part.replace(path)
