"""Close-ups on disk: what is said to be in their middle is, and whole shards."""

from pathlib import Path

import numpy as np
import pytest
from digits_core.bundle import Bundle
from digits_core.reading.close_ups import NOTHING, SIDE
from digits_core.reading.detector import Character
from digits_core.reading.nets import Nets
from digits_train.data import Data
from digits_train.errors import StageMissing, WorkFolderMismatch
from digits_train.reading import net, samples
from digits_train.reading.samples import MARGIN, Photographer, Samples, label_of
from digits_train.reading.tiles import Bindery

from tests.readers import SEVEN, bar_reader, reader_manifest

pytestmark = pytest.mark.timeout(600)

WIDE = SIDE + 2 * MARGIN


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, few: Data) -> Path:
    """A work folder with the close-ups of 12 pictures and an untrained detector."""
    work = tmp_path_factory.mktemp("work")
    few.save(work)
    net.build(0).save_weights(work / "detector.weights.h5")
    (work / "detector.train.json").write_text('{"config": {}, "commit": "c"}', "utf-8")
    samples.make(12, 20, work, fonts_dir=None, with_pens=False)
    return work


def test_load(made: Path) -> None:
    """Digits are among them, each with ink in its middle."""
    for loaded in (Samples.load(made), Samples.watched(made)):
        digits = loaded.pixels[loaded.labels < 10]
        inner = slice(MARGIN + 4, -MARGIN - 4)

        assert loaded.pixels.shape == (len(loaded.labels), WIDE, WIDE)
        assert len(digits) > 10
        assert np.mean(digits[:, inner, inner].max(axis=(1, 2)) > 60) > 0.9


def test_an_interrupted_run_goes_on(made: Path) -> None:
    """A shard that is gone is made again, byte for byte."""
    shard = samples.folder(made) / "0000.npz"
    before = shard.read_bytes()
    shard.unlink()
    with pytest.raises(StageMissing, match="not complete"):
        Samples.load(made)
    samples.make(12, 20, made, fonts_dir=None, with_pens=False)

    assert shard.read_bytes() == before


def test_other_close_ups_are_not_mixed_in(made: Path) -> None:
    """Another seed wants a folder of its own."""
    with pytest.raises(WorkFolderMismatch, match="describes close-ups made in another way"):
        samples.make(12, 21, made, fonts_dir=None, with_pens=False)


def test_nothing_there(tmp_path: Path) -> None:
    """Without close-ups, or a detector to make them with, the command to run is named."""
    for load in (Samples.load, Samples.watched):
        with pytest.raises(StageMissing, match="digits-train reader close-ups"):
            load(tmp_path)
    with pytest.raises(StageMissing, match="digits-train reader train"):
        samples.make(12, 20, tmp_path, fonts_dir=None, with_pens=False)


def test_what_is_wrongly_found_is_nothing(made: Path) -> None:
    """A detector that takes every bold stroke for a character shows many without a middle."""
    bindery = Bindery.open(made, None, None, 20, False, validation=False)
    nets = Nets(Bundle(reader_manifest(), bar_reader()))
    pixels, labels = Photographer(bindery, nets).take(60, np.random.default_rng(1))

    assert pixels.shape == (len(labels), WIDE, WIDE)
    assert np.count_nonzero(labels == NOTHING) > 5
    assert np.count_nonzero(labels < 10) > 60


@pytest.mark.parametrize(
    ("x", "y", "label"),
    [
        pytest.param(50, 40, SEVEN, id="in the middle"),
        pytest.param(53, 44, SEVEN, id="near"),
        pytest.param(56, 40, None, id="between the two nobody can say"),
        pytest.param(50, 60, NOTHING, id="below"),
        pytest.param(80, 40, NOTHING, id="beside"),
        pytest.param(90, 40, 3, id="on the other"),
    ],
)
def test_what_stands_there(x: float, y: float, label: int | None) -> None:
    """The middle of what was found says what it is."""
    truth = np.array([[SEVEN, 50, 40, 16, 24], [3, 90, 40, 16, 24]], np.float32)
    found = Character(x - 8, y - 12, x + 8, y + 12, 0.9, np.zeros(11, np.float32))

    assert label_of(found, truth) == label
