"""A published model: its file, and the manifest that says what it is and how to read it.

models/
  default               the name of the default model
  cnn/1/model.onnx      one folder a version, named by an integer
  cnn/1/manifest.json
"""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from digits_core.acceptance import NAMES
from digits_core.errors import BundleError, ModelNotFound
from digits_core.image import NORMALIZER_VERSION, PAGE_VERSION

SCHEMA = 3
READER = "reader"
"""The name of the model that reads numbers; every other recognises one digit."""

MODELS_DIR = Path(__file__).parent / "models"
"""The bundles that come with this package."""

_MODEL_FILE = "model.onnx"
_MANIFEST_FILE = "manifest.json"
_DEFAULT_FILE = "default"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """When an answer is accepted, beyond there being exactly one group of ink.

    The ink differs from the paper by at least `min_contrast` grey levels of 255,
    and the chance that a digit is there and answered rightly reaches
    `threshold`, 0 to 1: the logistic function of `intercept` plus each of
    `digits_core.acceptance.features` times its coefficient.
    """

    min_contrast: float
    coefficients: Mapping[str, float]
    intercept: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Canary:
    """A picture with the answer that the published model gave for it.

    `image` is a base64 PNG file, `digit` the answer, `probabilities` the ten
    given that it is a digit, `digit_score` the probability that it is one.
    """

    image: str
    digit: int
    probabilities: tuple[float, ...]
    digit_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What every bundle says of itself.

    `files` maps each file to its SHA-256; `input` and `output` name the model's
    tensors; `parameters` counts its weights; `normalizer_version` is that of what
    prepares its pictures; `metrics` holds published figures by data set;
    `training` the configuration and `commit` the code that made it.
    """

    NORMALIZER: ClassVar[int]

    name: str
    version: int
    files: Mapping[str, str]
    input: str
    output: str
    parameters: int
    normalizer_version: int
    metrics: Mapping[str, float]
    training: Mapping[str, Any]
    commit: str
    schema: int = SCHEMA

    @property
    def digest(self) -> str:
        """SHA-256 of the model file, 64 hexadecimal digits."""
        return self.files[_MODEL_FILE]

    def to_json(self) -> str:
        """The manifest as JSON text, keys in the order above."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote. Raises `BundleError` when it is something else."""
        try:
            values = json.loads(text)
            if values["schema"] != SCHEMA:
                raise BundleError(
                    f"the manifest has schema {values['schema']}, this code reads {SCHEMA}"
                )
            manifest = cls(**cls._parsed(values))
            manifest._check()
        except (ValueError, TypeError, KeyError) as error:
            raise BundleError(f"the manifest cannot be read: {error}") from error
        if _MODEL_FILE not in manifest.files:
            raise BundleError(f"the manifest does not list {_MODEL_FILE}")
        return manifest

    @classmethod
    def _parsed(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The fields as they are in Python, from what JSON has."""
        raise NotImplementedError

    def _check(self) -> None:
        """Raise `ValueError` for a value that makes no sense."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest(Published):
    """What the bundle of a recogniser says of itself.

    `temperature` divides the logits before the softmax, then `other_bias` is
    added to that of "not a digit".
    """

    NORMALIZER: ClassVar[int] = NORMALIZER_VERSION

    temperature: float
    other_bias: float
    acceptance: Acceptance
    canaries: tuple[Canary, ...]

    @classmethod
    def _parsed(cls, values: dict[str, Any]) -> dict[str, Any]:
        return values | {
            "acceptance": Acceptance(**values["acceptance"]),
            "canaries": tuple(
                Canary(**{**canary, "probabilities": tuple(canary["probabilities"])})
                for canary in values["canaries"]
            ),
        }

    def _check(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"the temperature is {self.temperature}")
        if not math.isfinite(self.other_bias):
            raise ValueError(f"the bias of other pictures is {self.other_bias}")
        if unknown := set(self.acceptance.coefficients) - set(NAMES):
            raise ValueError(f"acceptance knows no {', '.join(sorted(unknown))}")


@dataclass(frozen=True, slots=True)
class ReadCanary:
    """A picture, a base64 PNG file, with the text that the published reader read in it."""

    image: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderManifest(Published):
    """What the bundle of a reader says of itself.

    `presence` is the least probability, 0 to 1, at which a character is taken to
    be there, and `temperature` divides the logits of what it is. Where it stands
    alone, the recogniser's answer counts with the weight `second_opinion`, 0 to 1.
    A character's confidence is the logistic function of `intercept` plus
    `coefficients` times the log-odds of its presence ("presence") and of what it
    is ("score"); it is accepted from the confidence `accept` on. A number's is
    the product of its characters' to the power of `together`.
    """

    NORMALIZER: ClassVar[int] = PAGE_VERSION

    presence: float
    temperature: float
    second_opinion: float
    coefficients: Mapping[str, float]
    intercept: float
    accept: float
    together: float
    canaries: tuple[ReadCanary, ...]

    @classmethod
    def _parsed(cls, values: dict[str, Any]) -> dict[str, Any]:
        canaries = tuple(ReadCanary(**canary) for canary in values["canaries"])
        return values | {"canaries": canaries}

    def _check(self) -> None:
        for name in ("temperature", "together"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}")
        if set(self.coefficients) != {"presence", "score"}:
            raise ValueError(f"the coefficients are {', '.join(self.coefficients)}")
        for name in ("presence", "second_opinion", "accept"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}")


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
        return Bundle(manifest, files[_MODEL_FILE])


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
        raise BundleError(f"the models' folder {models_dir} cannot be read: {error}") from error
    return {
        name: max(folders, key=lambda folder: int(folder.name))
        for name, folders in versions.items()
        if folders
    }


def recognizers(models_dir: Path = MODELS_DIR) -> dict[str, Path]:
    """The newest version's folder of each model that recognises one digit. Raises as `published`."""
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
    return digests_of({_MODEL_FILE: model})


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
    files = {_MODEL_FILE: model, **(beside or {})}
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
