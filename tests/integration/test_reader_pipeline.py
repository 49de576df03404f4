"""The reader's line from digits to a bundle, on the few that a package carries."""

import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from digits_core import Bundle, Reader, ReaderManifest
from digits_core.bundle import MODELS_DIR, READER, find
from digits_core.image.page import STRIDE
from digits_core.reading.close_ups import SIDE
from digits_core.reading.detector import CHANNELS
from digits_core.reading.nets import ANSWERS
from digits_train import reports
from digits_train.config import SMOKE as DIGITS
from digits_train.data import prepare
from digits_train.errors import (
    NothingFound,
    ParityFailed,
    PublishRefused,
    StageMissing,
    WorkFolderMismatch,
)
from digits_train.reading import finding, net, refinement, refining, samples, tiles
from digits_train.reading.course import NAME, SMOKE
from digits_train.reading.exporting import adopt, detector, export, exported, refiner
from digits_train.reading.finding import train
from digits_train.reading.fitting import fit
from digits_train.reading.joining import HALVES
from digits_train.reading.parity import TOLERANCE, check
from digits_train.reading.publishing import CANARIES, picture, publish

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder with all stages but publishing. Do not change it."""
    folder = tmp_path_factory.mktemp("work")
    prepare(DIGITS, folder)
    tiles.make(SMOKE.tiles, SMOKE.seed, folder, fonts_dir=None, with_pens=False)
    train(SMOKE, folder)
    samples.make(SMOKE.pictures, SMOKE.seed, folder, fonts_dir=None, with_pens=False)
    refining.train(SMOKE, folder)
    export(folder)
    check(folder)
    fit(SMOKE, folder, fonts_dir=None, with_pens=False)
    return folder


@pytest.fixture
def copied(work: Path, tmp_path: Path) -> Path:
    """The same in a folder of one's own."""
    return shutil.copytree(work, tmp_path / "work")


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    """The published models in a clean checkout of their own."""
    checkout = tmp_path / "checkout"
    folder = checkout / "models"
    shutil.copytree(MODELS_DIR, folder)
    shutil.rmtree(folder / "reader", ignore_errors=True)
    for arguments in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "models"],
    ):
        subprocess.run(["git", *arguments], cwd=checkout, check=True)
    return folder


@pytest.fixture
def published_reader() -> Path:
    """The folder of the published reader."""
    return find(READER)


def test_the_nets_learn(work: Path) -> None:
    """One finds characters on validation tiles and reads some, the other some close-ups."""
    found = finding.accuracy(detector(work), tiles.Tiles.watched(work))
    refined = refining.accuracy(refiner(work), samples.Samples.watched(work))

    assert found["digits"] > 0.02
    assert refined["digits"] > 0.2


@pytest.mark.parametrize("name", ["detector", "refiner"])
def test_training_goes_on(copied: Path, name: str) -> None:
    """A run that is over is not run again; another course wants another folder."""
    path = copied / f"{name}.checkpoint.npz"
    before = path.read_bytes()
    learn = {"detector": finding.train, "refiner": refining.train}[name]
    learn(SMOKE, copied)

    assert path.read_bytes() == before
    with pytest.raises(WorkFolderMismatch, match="another configuration"):
        learn(replace(SMOKE, weight_decay=1e-3), copied)


def test_the_export_takes_any_page(work: Path) -> None:
    """The ONNX file answers as Keras does, for pages of any size."""
    session = onnxruntime.InferenceSession(exported(work), providers=["CPUExecutionProvider"])
    shown = {
        "page": np.zeros((2, 36, 200), np.float32),
        "close_ups": np.zeros((0, SIDE, SIDE), np.float32),
    }
    cells, answers = session.run(["cells", "answers"], shown)

    assert answers.shape == (0, ANSWERS)
    assert cells.shape == (2, 36 // STRIDE, 200 // STRIDE, CHANNELS)
    assert check(work) <= TOLERANCE
    # A dilated convolution is one, not TensorFlow's dealing out of pixels.
    kinds = {node.op_type for node in onnx.load_model_from_string(exported(work)).graph.node}
    assert "SpaceToDepth" not in kinds


def test_trainings_answer_together(copied: Path, tmp_path: Path) -> None:
    """Nets of two work folders answer by their mean, and the report names both."""
    other = tmp_path / "other"
    other.mkdir()
    for name, made in {"detector": net.build(7), "refiner": refinement.build(7)}.items():
        made.save_weights(other / f"{name}.weights.h5")
        (other / f"{name}.train.json").write_text('{"config": {"seed": 7}, "commit": "c"}')

    export(copied, [other])

    assert check(copied, [other]) <= TOLERANCE
    with pytest.raises(ParityFailed):
        check(copied)
    digest = hashlib.sha256(exported(copied)).hexdigest()
    origin = reports.read(copied, NAME, "export", digest)
    assert [each["config"]["seed"] for each in origin["refiner"]] == [7, SMOKE.seed]


def test_published_nets_answer_with_new_ones(
    copied: Path, tmp_path: Path, published_reader: Path
) -> None:
    """A refiner is trained on what the published detector finds, and answers with its elder."""
    work = tmp_path / "other"
    work.mkdir()
    shutil.copyfile(copied / "data.npz", work / "data.npz")
    adopt(work, published_reader)
    samples.make(20, SMOKE.seed, work, fonts_dir=None, with_pens=False)
    refining.train(SMOKE, work)

    export(work, [published_reader])

    assert check(work, [published_reader]) <= TOLERANCE
    digest = hashlib.sha256(exported(work)).hexdigest()
    origin = reports.read(work, NAME, "export", digest)
    trained = Bundle.read(published_reader, ReaderManifest).manifest.training
    assert len(origin["detector"]) == len(trained["detector"])
    assert len(origin["refiner"]) == len(trained["refiner"]) + 1
    with pytest.raises(WorkFolderMismatch, match="was trained here"):
        adopt(copied, published_reader)


def test_a_published_reader_is_exported_anew(
    copied: Path, tmp_path: Path, published_reader: Path
) -> None:
    """Both nets can be taken over, to be fitted to a reader that looks otherwise."""
    work = tmp_path / "other"
    (folder,) = copied.glob("close-ups-v*")
    shutil.copytree(folder, work / folder.name)
    for half in HALVES:
        adopt(work, published_reader, half)

    export(work)

    assert check(work) <= TOLERANCE
    digest = hashlib.sha256(exported(work)).hexdigest()
    origin = reports.read(work, NAME, "export", digest)
    trained = Bundle.read(published_reader, ReaderManifest).manifest.training
    commits = {name: [net["commit"] for net in nets] for name, nets in origin.items()}
    assert commits == {name: [net["commit"] for net in nets] for name, nets in trained.items()}


def test_what_was_fitted_makes_a_manifest(work: Path) -> None:
    """Every threshold lies in its range; metrics say what they were measured on."""
    report = json.loads((work / "reader.fit.json").read_text("utf-8"))

    assert 0 < report["fitted"]["presence"] < 1
    assert report["fitted"]["right"]["coefficients"].keys() == {
        "presence",
        "middle",
        "alone",
        "score",
    }
    assert report["fitted"]["weights"].keys() == {"detector", "refiner", "recognizer"}
    # Training shows more of what is no digit than people send.
    assert report["fitted"]["other_bias"] < 0
    assert report["metrics"].keys() == {
        f"validation_{name}_exact" for name in ("pages", "strings", "surfaces")
    }


def test_a_reader_that_cannot_read_is_not_published(copied: Path, models_dir: Path) -> None:
    """Where nothing ever counts as there, the canaries stay unread: nothing is left behind."""
    path = copied / "reader.fit.json"
    report = json.loads(path.read_text("utf-8"))
    report["fitted"]["presence"] = 1.0
    path.write_text(json.dumps(report), "utf-8")
    with pytest.raises(PublishRefused, match="canary"):
        publish(copied, models_dir)

    assert not (models_dir / "reader").exists()


def test_stages_name_the_one_before(tmp_path: Path) -> None:
    """Each stage says which command is missing."""
    with pytest.raises(StageMissing, match="digits-train reader tiles"):
        train(SMOKE, tmp_path)
    with pytest.raises(StageMissing, match="digits-train reader train"):
        export(tmp_path)
    with pytest.raises(StageMissing, match="digits-train reader close-ups"):
        refining.train(SMOKE, tmp_path)
    with pytest.raises(StageMissing, match="digits-train reader export"):
        publish(tmp_path, tmp_path)


def test_an_untrained_net_finds_nothing(copied: Path) -> None:
    """There is nothing to fit to, and the error says what to do."""
    (copied / "detector.checkpoint.npz").unlink()
    train(replace(SMOKE, detector=replace(SMOKE.detector, epochs=1, steps=1)), copied)
    export(copied)

    with pytest.raises(NothingFound, match="train it longer"):
        fit(SMOKE, copied, fonts_dir=None, with_pens=False)


@pytest.mark.parametrize("text", CANARIES)
def test_canaries_are_read(text: str) -> None:
    """The published reader reads its canaries; it is a bundle of the present layout."""
    bundle = Bundle.read(max((MODELS_DIR / "reader").iterdir()), ReaderManifest)

    assert bundle.manifest.name == "reader"
    assert Reader.load().read(picture(text)).text == text
