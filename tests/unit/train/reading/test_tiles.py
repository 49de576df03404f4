"""Tiles on disk: whole shards, the same for the same seed, and gone on with."""

from pathlib import Path

import numpy as np
import pytest
from digits_train.data import Data
from digits_train.errors import StageMissing, WorkFolderMismatch
from digits_train.reading import tiles
from digits_train.reading.tiles import SHAPE, Tiles

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, few: Data) -> Path:
    """A work folder with 60 tiles, without pens and fonts. Do not change it."""
    work = tmp_path_factory.mktemp("work")
    few.save(work)
    tiles.make(60, 20, work, fonts_dir=None, with_pens=False)
    return work


def test_load(made: Path) -> None:
    """As many as were asked for and a tenth more bare ones; boxes are those within the tile."""
    loaded = Tiles.load(made)

    assert (loaded.pixels.shape, loaded.pixels.dtype) == ((66, *SHAPE), np.uint8)
    assert len(loaded.start) == 67
    assert loaded.start[60] == loaded.start[66]
    assert loaded.pixels[60:].any()
    assert loaded.start[-1] == len(loaded.boxes)
    assert set(loaded.boxes[:, 0].tolist()) <= set(range(11))
    assert (loaded.boxes[:, 1:3] >= 0).all()
    assert (loaded.boxes[:, 1:3] <= SHAPE[::-1]).all()
    assert len(loaded.boxes_of(7)) == loaded.start[8] - loaded.start[7]
    assert len(Tiles.watched(made).pixels) == 100


@pytest.mark.parametrize("name", ["0000.npz", "bare-0000.npz"])
def test_an_interrupted_run_goes_on(made: Path, name: str) -> None:
    """A shard that is gone is made again, byte for byte."""
    shard = tiles.folder(made) / name
    before = shard.read_bytes()
    shard.unlink()
    with pytest.raises(StageMissing, match="not complete"):
        Tiles.load(made)
    tiles.make(60, 20, made, fonts_dir=None, with_pens=False)

    assert shard.read_bytes() == before


def test_other_tiles_are_not_mixed_in(made: Path) -> None:
    """Another seed or count wants a folder of its own."""
    with pytest.raises(WorkFolderMismatch, match="describes tiles made in another way"):
        tiles.make(60, 21, made, fonts_dir=None, with_pens=False)


def test_nothing_there(tmp_path: Path) -> None:
    """Without tiles the command to run is named."""
    for load in (Tiles.load, Tiles.watched):
        with pytest.raises(StageMissing, match="digits-train reader tiles"):
            load(tmp_path)
