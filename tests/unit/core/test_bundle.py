"""Bundles: written whole, read back verified."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from digits_core import bundle as bundles
from digits_core.bundle import READER, Bundle, Manifest, ReaderManifest
from digits_core.errors import BundleError, ModelNotFound

from tests.readers import bar_reader, reader_manifest, write_reader
from tests.unit.core.linear import linear_model


def test_what_is_written_is_read_back(models_dir: Path, manifest: Manifest) -> None:
    """A bundle survives the way through the files, to the last field."""
    bundle = Bundle.read(models_dir / "linear" / "10", Manifest)

    assert bundle == Bundle(replace(manifest, version=10), linear_model())


def test_the_newest_version_counts_by_number(models_dir: Path) -> None:
    """Version 10 is newer than version 2."""
    assert bundles.find(models_dir=models_dir).name == "10"


def test_an_unknown_model_names_the_known_ones(models_dir: Path) -> None:
    """The error helps with the name."""
    with pytest.raises(ModelNotFound, match="linear"):
        bundles.find("liner", models_dir)


def test_a_version_is_published_once(models_dir: Path, manifest: Manifest) -> None:
    """A published version is never overwritten, and nothing half-written stays behind."""
    with pytest.raises(BundleError, match="already published"):
        bundles.write(replace(manifest, version=2), b"other", models_dir)

    assert sorted(path.name for path in (models_dir / "linear").iterdir()) == ["10", "2"]


def test_files_beside_the_model(tmp_path: Path, manifest: Manifest) -> None:
    """What lies beside the model is published and verified with it."""
    beside = {"model.tflite": b"the same, smaller"}
    files = {**manifest.files, **bundles.digests_of(beside)}

    folder = bundles.write(replace(manifest, files=files), linear_model(), tmp_path, beside)

    assert (folder / "model.tflite").read_bytes() == b"the same, smaller"
    assert Bundle.read(folder, Manifest).model == linear_model()
    (folder / "model.tflite").write_bytes(b"another")
    with pytest.raises(BundleError, match=r"model\.tflite is not the one that was published"):
        Bundle.read(folder, Manifest)


def test_files_that_the_manifest_does_not_list(tmp_path: Path, manifest: Manifest) -> None:
    """Nothing is published unverified."""
    with pytest.raises(BundleError, match=r"lists model\.onnx, the bundle has .*model\.tflite"):
        bundles.write(manifest, linear_model(), tmp_path, {"model.tflite": b"unlisted"})

    assert not (tmp_path / "linear").exists()


def damage(folder: Path, how: str) -> None:
    """Spoil one thing about a bundle."""
    model, manifest = folder / "model.onnx", folder / "manifest.json"
    match how:
        case "bit":
            content = bytearray(model.read_bytes())
            content[len(content) // 2] ^= 1
            model.write_bytes(content)
        case "truncated":
            model.write_bytes(model.read_bytes()[:-1])
        case "model missing":
            model.unlink()
        case "manifest missing":
            manifest.unlink()
        case "manifest is HTML":
            manifest.write_text("<html>not found</html>")
        case "manifest is a list":
            manifest.write_text("[]")
        case "normalizer_version" | "schema":
            manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {how: 999}))
        case "temperature" | "other_bias":
            manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {how: None}))
        case "model is a folder":
            model.unlink()
            model.mkdir()


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ("bit", "SHA-256"),
        ("truncated", "SHA-256"),
        ("model missing", "No such file"),
        ("manifest missing", "No such file"),
        ("manifest is HTML", "manifest cannot be read"),
        ("manifest is a list", "manifest cannot be read"),
        ("normalizer_version", "normaliser 999"),
        ("schema", "schema 999"),
        ("temperature", "manifest cannot be read"),
        ("other_bias", "manifest cannot be read"),
        ("model is a folder", "cannot be read"),
    ],
)
def test_a_damaged_bundle_is_refused(models_dir: Path, how: str, cause: str) -> None:
    """The error names the folder and the cause."""
    folder = models_dir / "linear" / "10"
    damage(folder, how)

    with pytest.raises(BundleError, match=cause) as caught:
        Bundle.read(folder, Manifest)
    assert str(folder) in str(caught.value)


def test_a_bundle_in_another_models_place_is_refused(models_dir: Path) -> None:
    """A model that was copied under another's name does not answer for it."""
    (models_dir / "linear" / "10").rename(models_dir / "linear" / "11")

    with pytest.raises(BundleError, match="says that it is linear 10"):
        Bundle.read(models_dir / "linear" / "11", Manifest)


def test_missing_folders(tmp_path: Path) -> None:
    """A models' folder that is not there, or names no default, is an error with its path."""
    with pytest.raises(BundleError, match="nowhere"):
        bundles.published(tmp_path / "nowhere")
    with pytest.raises(BundleError, match="no default"):
        bundles.default_model(tmp_path)


def test_a_reader_is_written_and_read_back(tmp_path: Path) -> None:
    """A reader's bundle survives the way through the files, to the last field."""
    folder = write_reader(tmp_path)

    assert folder == tmp_path / READER / "1"
    assert Bundle.read(folder, ReaderManifest) == Bundle(reader_manifest(), bar_reader())


def test_one_kind_of_bundle_is_not_the_other(tmp_path: Path, models_dir: Path) -> None:
    """A reader is no recogniser, nor the other way round."""
    with pytest.raises(BundleError, match="manifest cannot be read"):
        Bundle.read(write_reader(tmp_path), Manifest)
    with pytest.raises(BundleError, match="manifest cannot be read"):
        Bundle.read(bundles.find("linear", models_dir), ReaderManifest)


def test_a_reader_is_no_recogniser(models_dir: Path) -> None:
    """It is published beside them, and left out where one digit is recognised."""
    write_reader(models_dir)

    assert list(bundles.published(models_dir)) == ["linear", READER]
    assert list(bundles.recognizers(models_dir)) == ["linear"]


def test_a_reader_for_other_pages_is_refused(tmp_path: Path) -> None:
    """What prepares its pictures has a version of its own."""
    folder = write_reader(tmp_path, normalizer_version=999)

    with pytest.raises(BundleError, match="normaliser 999"):
        Bundle.read(folder, ReaderManifest)


SHARED = [
    ("name", 7),
    ("version", "1"),
    ("version", True),
    ("files", ["model.onnx"]),
    ("files", {"model.onnx": None}),
    ("files", {"model.onnx": "0", "../secret": "0"}),
    ("files", {}),
    ("input", None),
    ("output", 1),
    ("parameters", 1.5),
    ("normalizer_version", "1"),
    ("metrics", []),
    ("metrics", {"accuracy": "high"}),
    ("metrics", {"accuracy": float("nan")}),
    ("training", "none"),
    ("commit", 0),
    ("schema", 2),
    ("canaries", None),
    ("canaries", ["picture"]),
    ("temperature", 0),
    ("temperature", float("nan")),
    ("temperature", float("inf")),
    ("temperature", 10**400),
    ("temperature", True),
    ("unheard_of", 1),
]
RECOGNIZERS = [
    ("other_bias", "0"),
    ("acceptance", None),
    ("acceptance", {"min_contrast": 1}),
    ("acceptance", {"min_contrast": 1, "coefficients": {}, "intercept": None, "threshold": 1}),
    ("acceptance", {"min_contrast": 1, "coefficients": [], "intercept": 0, "threshold": 1}),
    ("acceptance", {"min_contrast": 1, "coefficients": {"x": 1}, "intercept": 0, "threshold": 1}),
    ("canaries", [{"image": None, "digit": 1, "probabilities": [0.1] * 10, "digit_score": 1}]),
    ("canaries", [{"image": "", "digit": "1", "probabilities": [0.1] * 10, "digit_score": 1}]),
    ("canaries", [{"image": "", "digit": 1, "probabilities": [0.1] * 9, "digit_score": 1}]),
    ("canaries", [{"image": "", "digit": 1, "probabilities": ["0"] * 10, "digit_score": 1}]),
    ("canaries", [{"image": "", "digit": 1, "probabilities": [0.1] * 10, "digit_score": "1"}]),
]
READERS = [
    ("presence", -0.1),
    ("presence", 1.1),
    ("presence", None),
    ("refiner_input", None),
    ("refiner_output", 5),
    ("weights", {"detector": 1, "refiner": 1}),
    ("weights", {"detector": 1, "refiner": 1, "recognizer": float("nan")}),
    ("there", {"coefficients": ["presence", "middle", "alone", "score"], "intercept": 0}),
    ("there", {"coefficients": {"presence": 1, "middle": 1}, "intercept": 0}),
    ("there", {"coefficients": {"presence": 1, "middle": 1, "alone": 1, "score": 1}}),
    (
        "right",
        {
            "coefficients": {"presence": 1, "middle": 1, "alone": 1, "score": 1, "size": 1},
            "intercept": 0,
        },
    ),
    (
        "right",
        {"coefficients": {"presence": 1, "middle": 1, "alone": 1, "score": None}, "intercept": 0},
    ),
    (
        "right",
        {"coefficients": {"presence": 1, "middle": 1, "alone": 1, "score": 1}, "intercept": None},
    ),
    (
        "right",
        {"coefficients": {"presence": 1, "middle": 1, "alone": 1, "score": 1}, "intercept": -1e999},
    ),
    ("accept", 1.5),
    ("accept", "0.5"),
    ("other_bias", "0"),
    ("other_bias", None),
    ("together", 0),
    ("together", -1),
    ("canaries", [{"image": 5, "text": "7"}]),
    ("canaries", [{"image": "", "text": 7}]),
    ("canaries", [{"image": ""}]),
]


def check_refused(manifest: Manifest | ReaderManifest, field: str, value: object) -> None:
    """Assert that a manifest is refused with this value in this field, and read without."""
    values = json.loads(manifest.to_json())
    assert type(manifest).from_json(json.dumps(values)) == manifest
    with pytest.raises(BundleError, match="the manifest"):
        type(manifest).from_json(json.dumps(values | {field: value}))


@pytest.mark.parametrize(("field", "value"), [*SHARED, *RECOGNIZERS])
def test_every_field_of_a_manifest_is_checked(
    manifest: Manifest, field: str, value: object
) -> None:
    """A recogniser never starts with a value that would fail a request later."""
    check_refused(manifest, field, value)


@pytest.mark.parametrize(("field", "value"), [*SHARED, *READERS])
def test_every_field_of_a_readers_manifest_is_checked(field: str, value: object) -> None:
    """Nor does a reader."""
    check_refused(reader_manifest(), field, value)
