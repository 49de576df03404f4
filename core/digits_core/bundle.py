"""A published model: its file, and the manifest beside it.

models/
  default               the name of the default model
  cnn/1/model.onnx      one folder a version, named by an integer
  cnn/1/manifest.json
"""

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from digits_core.errors import BundleError, ModelNotFound
from digits_core.manifest import (
    MODEL_FILE,
    SCHEMA,
    Acceptance,
    Canary,
    Manifest,
    Published,
    ReadCanary,
    ReaderManifest,
    Rule,
)

__all__ = [
    "MODELS_DIR",
    "MODEL_FILE",
    "READER",
    "SCHEMA",
    "Acceptance",
    "Bundle",
    "Canary",
    "Manifest",
    "Published",
    "ReadCanary",
    "ReaderManifest",
    "Rule",
    "default_model",
    "digest_of",
    "digests_of",
    "find",
    "published",
    "recognizers",
    "write",
]

READER = "reader"
"""The name of the model that reads numbers; every other recognises one digit."""

MODELS_DIR = Path(__file__).parent / "models"
"""The bundles that come with this package."""

_MANIFEST_FILE = "manifest.json"
_DEFAULT_FILE = "default"


M = TypeVar("M", bound=Published)


@dataclass(frozen=True, slots=True)
class Bundle(Generic[M]):
    """A verified model: its manifest and the bytes that the manifest's digest was checked on."""

    manifest: M
    model: bytes

    @classmethod
    def read(cls, folder: Path, kind: type[M]) -> "Bundle[M]":
        """Read and verify a version's folder; `kind` is the manifest's class.

        Raises `BundleError` with the path and the cause when a file is missing,
        unreadable or altered, when the folder is another model's, or when the model was
        made for another normaliser.
        """
        try:
            manifest = kind.from_json((folder / _MANIFEST_FILE).read_text("utf-8"))
            files = {name: (folder / name).read_bytes() for name in manifest.files}
        except (OSError, UnicodeDecodeError) as error:
            raise BundleError(f"the bundle {folder} cannot be read: {error}") from error
        except BundleError as error:
            raise BundleError(f"the bundle {folder}: {error}") from error
        for name, content in files.items():
            if hashlib.sha256(content).hexdigest() != manifest.files[name]:
                raise BundleError(
                    f"the file {folder / name} is not the one that was published: its SHA-256 "
                    "differs from the manifest's; copy the bundle again"
                )
        if (manifest.name, str(manifest.version)) != (folder.parent.name, folder.name):
            raise BundleError(
                f"the bundle {folder} says that it is {manifest.name} {manifest.version}: "
                "copy it to the folder of its own name and version"
            )
        if manifest.normalizer_version != kind.NORMALIZER:
            raise BundleError(
                f"the bundle {folder} was made for normaliser {manifest.normalizer_version}, this "
                f"code has {kind.NORMALIZER}: publish the model anew"
            )
        return Bundle(manifest, files[MODEL_FILE])


def published(models_dir: Path = MODELS_DIR) -> dict[str, Path]:
    """The newest version's folder of each model in `models_dir`, by name.

    Raises `BundleError` when the folder cannot be listed.
    """
    try:
        names = sorted(folder for folder in models_dir.iterdir() if folder.is_dir())
        versions = {
            folder.name: [child for child in folder.iterdir() if child.name.isdecimal()]
            for folder in names
        }
    except OSError as error:
        raise BundleError(
            f"the models' folder {error.filename} cannot be read ({error.strerror})"
        ) from error
    return {
        name: max(folders, key=lambda folder: int(folder.name))
        for name, folders in versions.items()
        if folders
    }


def recognizers(models_dir: Path = MODELS_DIR) -> dict[str, Path]:
    """Of `published` the models that recognise one digit. Raises `BundleError` likewise."""
    return {name: path for name, path in published(models_dir).items() if name != READER}


def default_model(models_dir: Path = MODELS_DIR) -> str:
    """The name of the default model. Raises `BundleError` when `models_dir` names none."""
    try:
        return (models_dir / _DEFAULT_FILE).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{models_dir} names no default model: {error}") from error


def find(name: str | None = None, models_dir: Path = MODELS_DIR) -> Path:
    """The newest version's folder of a model, None for the default.

    Raises `ModelNotFound`, or `BundleError` when the folder cannot be listed.
    """
    name = name or default_model(models_dir)
    folders = published(models_dir)
    if name not in folders:
        raise ModelNotFound(
            f"no model {name!r} in {models_dir}: there are {', '.join(folders) or 'none'}"
        )
    return folders[name]


def digest_of(model: bytes) -> dict[str, str]:
    """The `files` of a manifest for a model file's content."""
    return digests_of({MODEL_FILE: model})


def digests_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """The part of a manifest's `files` for contents by file name."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def write(
    manifest: Published, model: bytes, models_dir: Path, beside: Mapping[str, bytes] | None = None
) -> Path:
    """Publish a bundle as `models_dir/NAME/VERSION`, whole or not at all; returns that folder.

    `beside` are the contents of further files by name, the same model in another
    form. Raises `BundleError` when the manifest does not list just these, or
    when the version is already there.
    """
    files = {MODEL_FILE: model, **(beside or {})}
    if manifest.files.keys() != files.keys():
        raise BundleError(
            f"the manifest lists {', '.join(manifest.files)}, the bundle has {', '.join(files)}"
        )
    folder = models_dir / manifest.name / str(manifest.version)
    if folder.exists():
        raise BundleError(f"{folder} is already published: choose the next version")
    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        for name, content in files.items():
            (partial / name).write_bytes(content)
        (partial / _MANIFEST_FILE).write_text(manifest.to_json(), "utf-8")
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return folder
