"""Sets too large for one sitting: a folder of shards, made by several processes.

What a shard holds depends on the seed and its name alone, so a run that was
stopped goes on where it was, and processes make what one would.
"""

import json
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digits_train.errors import StageMissing, WorkFolderMismatch

log = logging.getLogger(__name__)

Arrays: TypeAlias = dict[str, NDArray[Any]]
Item: TypeAlias = tuple[Path, int]
"""A shard to be made: its file, and how many it holds."""


class Kit(NamedTuple):
    """What every process makes its shards with, as the stages take it."""

    work: Path
    data_dir: Path | None
    fonts_dir: Path | None
    seed: int
    with_pens: bool


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards in the folder `place`, of `what`, which the command `stage` makes."""

    place: Path
    what: str
    stage: str

    def claim(self, about: Mapping[str, Any]) -> None:
        """Say how the set is made; its "count" is needed to load it.

        Raises `WorkFolderMismatch` when it was begun in another way.
        """
        self.place.mkdir(parents=True, exist_ok=True)
        path = self._about
        if path.is_file() and json.loads(path.read_text("utf-8")) != about:
            raise WorkFolderMismatch(
                f"{path} describes {self.what} made in another way: "
                "delete its folder, or name another work folder with --work"
            )
        path.write_text(json.dumps(about, indent=1) + "\n", "utf-8")

    def make(
        self, sizes: Mapping[str, int], shard: Callable[[Item], object], processes: int
    ) -> None:
        """Have `shard` write the files of `sizes` that are missing. It must be picklable."""
        items = [(self.place / name, size) for name, size in sizes.items()]
        items = [item for item in items if not item[0].is_file()]
        log.info("making %d of %d shards of %s", len(items), len(sizes), self.what)
        # Spawned, not forked: OpenCV's and BLAS's threads do not survive a fork.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        with ExitStack() as stack:
            pool = multiprocessing.get_context("spawn").Pool
            run = stack.enter_context(pool(processes)).imap_unordered if processes > 1 else map
            for done, _ in enumerate(run(shard, items), 1):
                log.info("shard %d of %d", done, len(items))

    def load(self, sizes: Callable[[int], Iterable[str]]) -> list[Arrays]:
        """Read all files that `sizes` names for the claimed count. Raises `StageMissing`."""
        path = self._about
        names = list(sizes(json.loads(path.read_text("utf-8"))["count"])) if path.is_file() else []
        if not names or not all((self.place / name).is_file() for name in names):
            raise StageMissing(
                f"{self.place} is missing or not complete: run `digits-train {self.stage}` first"
            )
        return [self.read(name) for name in names]

    def read(self, name: str) -> Arrays:
        """Read one file. Raises `StageMissing`."""
        path = self.place / name
        if not path.is_file():
            raise StageMissing(f"{path} is missing: run `digits-train {self.stage}` first")
        with np.load(path) as file:
            return dict(file)

    @property
    def _about(self) -> Path:
        return self.place / f"{self.what}.json"


def sizes(count: int, most: int, kind: str = "") -> dict[str, int]:
    """The files of `count`, at most so many each, and how many each holds."""
    return {
        f"{kind}{number:04}.npz": min(most, count - number * most)
        for number in range(-(-count // most))
    }


def save(path: Path, **arrays: NDArray[Any]) -> None:
    """Write a shard whole or not at all."""
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, **arrays)  # type: ignore[arg-type]  # taken for its own options
    part.replace(path)
