"""Stage `pool`: training pictures that have been through the normaliser, as in service.

Writers, papers and cameras make pictures; what the normaliser makes of them is
kept, its failures included, unless no person could tell the label any more. A
folder a version of the normaliser, a file a shard; a shard depends on the seed
and its number alone, so an interrupted run goes on where it was.
"""

import json
import logging
import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from digits_core.image import NORMALIZER_VERSION, decode
from numpy.typing import NDArray

from digits_train import fonts
from digits_train.config import Config
from digits_train.errors import StageMissing, WorkFolderMismatch
from digits_train.sources import NAMES
from digits_train.workshop import Sample, Workshop

log = logging.getLogger(__name__)

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
        place = folder(work)
        about = place / "pool.json"
        shards = json.loads(about.read_text("utf-8"))["shards"] if about.is_file() else 0
        paths = [place / f"{shard:04}.npz" for shard in range(shards)]
        if not paths or not all(path.is_file() for path in paths):
            raise StageMissing(f"{place} is missing or not complete: run `digits-train pool` first")
        parts = [_read(path) for path in paths]
        return cls(*(np.concatenate([part[name] for part in parts]) for name in _ARRAYS))


_ARRAYS = ("pixels", "labels", "source")


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
    place = folder(work)
    place.mkdir(parents=True, exist_ok=True)
    shards = -(-config.data.pool // SHARD)
    with_pens = with_pens and config.data.source == "mnist"
    arguments = (work, data_dir, fonts_dir, config.seed, with_pens)
    workshop = Workshop.open(*arguments, validation=False)
    _claim(place / "pool.json", config, shards, workshop.shares)
    missing = [n for n in range(shards) if not (place / f"{n:04}.npz").is_file()]
    log.info("making %d of %d shards of %d pictures", len(missing), shards, SHARD)
    last = config.data.pool - (shards - 1) * SHARD
    work_list = [(n, SHARD if n < shards - 1 else last, place) for n in missing]
    if processes == 1:
        for done, item in enumerate(work_list, 1):
            write(workshop, *item)
            log.info("shard %d of %d", done, len(work_list))
    else:
        # Spawned, not forked: OpenCV's and BLAS's threads do not survive a fork.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        context = multiprocessing.get_context("spawn")
        with context.Pool(processes, _start, arguments) as workers:
            for done, _ in enumerate(workers.imap_unordered(_shard, work_list), 1):
                log.info("shard %d of %d", done, len(work_list))
    _validation(Workshop.open(*arguments, validation=True), config, work)


def write(workshop: Workshop, number: int, count: int, place: Path) -> None:
    """Write shard `number` of `count` samples."""
    made = workshop.samples(count, np.random.default_rng([workshop.seed, 6, number]))
    part = place / f"{number:04}.part.npz"
    np.savez_compressed(
        part,
        pixels=np.stack([pixels for _, pixels in made]),
        labels=np.array([sample.label for sample, _ in made], np.uint8),
        source=np.array([NAMES.index(sample.source) for sample, _ in made], np.uint8),
    )
    part.replace(place / f"{number:04}.npz")


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


def _claim(path: Path, config: Config, shards: int, sources: dict[str, float]) -> None:
    """Say how the pool is made, or see that it was begun in this way."""
    about = {
        "normalizer": NORMALIZER_VERSION,
        "seed": config.seed,
        "count": config.data.pool,
        "shards": shards,
        "sources": sources,
    }
    if path.is_file() and json.loads(path.read_text("utf-8")) != about:
        raise WorkFolderMismatch(
            f"{path} describes another pool: delete its folder, or choose another work folder"
        )
    path.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


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


def _read(path: Path) -> dict[str, NDArray[np.uint8]]:
    with np.load(path) as file:
        return {name: file[name] for name in _ARRAYS}


_here: list[Workshop] = []
"""The worker process's own."""


def _start(
    work: Path, data_dir: Path | None, fonts_dir: Path | None, seed: int, with_pens: bool
) -> None:
    _here.append(Workshop.open(work, data_dir, fonts_dir, seed, with_pens, validation=False))


def _shard(item: tuple[int, int, Path]) -> None:
    write(_here[0], *item)
