"""The pool on disk: whole shards, the same for the same seed, and gone on with."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from digits_train import pool
from digits_train.config import SMOKE, Config
from digits_train.data import NOT_A_DIGIT, Data
from digits_train.errors import StageMissing, WorkFolderMismatch
from digits_train.pool import SHARD, VALIDATION_LEAST, Pool
from digits_train.shards import Kit
from digits_train.sources import DIGITS, NAMES, OTHERS

pytestmark = pytest.mark.timeout(600)


def config(count: int, seed: int = 20) -> Config:
    """The smoke configuration with a pool of `count`."""
    return replace(SMOKE, seed=seed, data=replace(SMOKE.data, pool=count))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, few: Data) -> Path:
    """A work folder with a pool of 120, without pens and fonts. Do not change it."""
    work = tmp_path_factory.mktemp("work")
    few.save(work)
    pool.make(config(120), work, fonts_dir=None)
    return work


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """The same in a folder of one's own."""
    return shutil.copytree(made, tmp_path / "work")


def test_load(made: Path) -> None:
    """As many as configured, seven of ten digits, all of them; sources agree with labels."""
    loaded = Pool.load(made)

    assert (loaded.pixels.shape, loaded.pixels.dtype) == ((120, 28, 28), np.uint8)
    assert np.sum(loaded.labels != NOT_A_DIGIT) == 84
    assert set(loaded.labels.tolist()) == set(range(11))
    for label, source in zip(loaded.labels.tolist(), loaded.source.tolist(), strict=True):
        assert NAMES[source] in (OTHERS if label == NOT_A_DIGIT else DIGITS)
    assert loaded.pixels.any(axis=(1, 2)).all()


def test_an_interrupted_run_goes_on(copied: Path) -> None:
    """A shard that is gone is made again, byte for byte; what is there stays."""
    shard = pool.folder(copied) / "0000.npz"
    before, photos = shard.read_bytes(), (copied / "photos.npz").stat().st_mtime_ns
    shard.rename(shard.with_name("0000.part.npz"))
    pool.make(config(120), copied, fonts_dir=None)

    assert shard.read_bytes() == before
    assert (copied / "photos.npz").stat().st_mtime_ns == photos
    assert not list(pool.folder(copied).glob("*.part.npz"))


def test_shards_that_are_there_stay(copied: Path) -> None:
    """Only what is missing is made, and the last shard holds the rest."""
    place = pool.folder(copied)
    shutil.copy(place / "0000.npz", place / "0001.npz")
    (place / "pool.json").unlink()
    pool.make(config(2 * SHARD + 30), copied, fonts_dir=None)

    parts = [dict(np.load(place / f"000{shard}.npz")) for shard in range(3)]
    loaded = Pool.load(copied)
    assert [len(part["labels"]) for part in parts] == [120, 120, 30]
    assert np.array_equal(loaded.pixels, np.concatenate([part["pixels"] for part in parts]))


def test_processes_make_the_same(made: Path, tmp_path: Path, few: Data) -> None:
    """A shard is the same out of a process of its own."""
    few.save(tmp_path)
    shutil.copy(made / "photos.npz", tmp_path)
    pool.make(config(120), tmp_path, fonts_dir=None, processes=2)

    shards = [pool.folder(work) / "0000.npz" for work in (made, tmp_path)]
    assert shards[0].read_bytes() == shards[1].read_bytes()


def test_shards_differ_by_number_and_seed(made: Path, tmp_path: Path) -> None:
    """No two shards of a seed and no two seeds have the same pictures."""
    for seed in (20, 21):
        (tmp_path / str(seed)).mkdir()
        for number in (0, 1):
            path = tmp_path / str(seed) / f"{number:04}.npz"
            pool.write(Kit(made, None, None, seed, with_pens=False), (path, 12))

    found = [np.load(path)["pixels"].tobytes() for path in sorted(tmp_path.glob("2?/*.npz"))]
    assert len(set(found)) == 4


@pytest.mark.parametrize("missing", ["pool.json", "0000.npz"])
def test_loading_what_is_not_complete(copied: Path, missing: str) -> None:
    """Half a pool is none: the error names the stage to run."""
    (pool.folder(copied) / missing).unlink()

    with pytest.raises(StageMissing, match=r"not complete: run `digits-train pool` first"):
        Pool.load(copied)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(config(150), id="another size"),
        pytest.param(config(120, 21), id="another seed"),
    ],
)
def test_another_pool_in_the_folder(copied: Path, other: Config) -> None:
    """What was begun in one way is not gone on with in another; nothing is touched."""
    before = (pool.folder(copied) / "pool.json").read_text()

    with pytest.raises(WorkFolderMismatch, match=r"made in another way: delete its folder"):
        pool.make(other, copied, fonts_dir=None)
    assert (pool.folder(copied) / "pool.json").read_text() == before


def test_the_pool_says_how_it_was_made(made: Path) -> None:
    """The shares of the sources that there were lie beside the shards."""
    about = json.loads((pool.folder(made) / "pool.json").read_text())

    assert (about["seed"], about["count"]) == (20, 120)
    assert about["sources"].keys() == WITHOUT_PENS
    assert sum(about["sources"].values()) == pytest.approx(2, abs=1e-3)


WITHOUT_PENS = set(NAMES) - {"pendigits", "font", "omniglot", "letter"}
"""What needs neither pens nor fonts."""


def test_validation_pictures(made: Path) -> None:
    """They are pictures of many sizes with labels, and not by what trains: our own shapes."""
    samples = list(pool.validation(made))

    assert len(samples) == VALIDATION_LEAST
    assert np.mean([sample.label != NOT_A_DIGIT for sample in samples]) == pytest.approx(0.7)
    assert {sample.label for sample in samples} == set(range(11))
    assert {sample.source for sample in samples} == WITHOUT_PENS - {"drawing", "sign"}
    assert {sample.picture.dtype for sample in samples} == {np.dtype(np.uint8)}
    assert len({sample.picture.shape for sample in samples}) > 100


def test_validation_before_the_pool(tmp_path: Path) -> None:
    """The error names the stage to run first."""
    with pytest.raises(
        StageMissing, match=r"photos\.npz is missing: run `digits-train pool` first"
    ):
        next(pool.validation(tmp_path))
