"""Bundles: written whole, read back verified."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from digits_core import bundle as bundles
from digits_core.bundle import Bundle, Manifest
from digits_core.errors import BundleError, ModelNotFound

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
