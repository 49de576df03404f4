"""What a bundle says of itself: its manifest, every field checked as it is read."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any, ClassVar, Self

from digits_core.acceptance import NAMES
from digits_core.errors import BundleError
from digits_core.image import NORMALIZER_VERSION, PAGE_VERSION

SCHEMA = 3

MODEL_FILE = "model.onnx"
"""The file that every bundle has."""

_KINDS: Mapping[str, type] = {
    "name": str,
    "version": int,
    "files": dict,
    "input": str,
    "output": str,
    "parameters": int,
    "normalizer_version": int,
    "training": dict,
    "commit": str,
}

_OPINIONS = {"detector", "refiner", "recognizer"}
_ODDS = {"presence", "middle", "alone", "score"}


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
        return self.files[MODEL_FILE]

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
            _check_published(manifest)
            manifest._check()
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise BundleError(f"the manifest cannot be read: {error}") from error
        if MODEL_FILE not in manifest.files:
            raise BundleError(f"the manifest does not list {MODEL_FILE}")
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
        _check_numbers(self, ["temperature", "other_bias"])
        if self.temperature <= 0:
            raise ValueError(f"temperature is {self.temperature}")
        _check_numbers(self.acceptance, ["min_contrast", "intercept", "threshold"])
        _check_values("coefficients", self.acceptance.coefficients)
        if unknown := set(self.acceptance.coefficients) - set(NAMES):
            raise ValueError(f"acceptance knows no {', '.join(sorted(unknown))}")
        for canary in self.canaries:
            _check_kinds(canary, {"image": str, "digit": int})
            _check_numbers(canary, ["digit_score"])
            if len(canary.probabilities) != 10 or not all(map(_is_number, canary.probabilities)):
                raise ValueError(f"a canary's probabilities are {canary.probabilities}")


@dataclass(frozen=True, slots=True)
class ReadCanary:
    """A picture, a base64 PNG file, with the text that the published reader read in it."""

    image: str
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A probability: the logistic function of `intercept` plus `coefficients` times log-odds.

    Those are of a character's presence by the detector ("presence"), of its being
    in the middle of its close-up ("middle"), of its being a digit by the recogniser
    where it stands alone ("alone", elsewhere 0) and of what it is ("score").
    """

    coefficients: Mapping[str, float]
    intercept: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderManifest(Published):
    """What the bundle of a reader says of itself.

    `input` and `output` are the detector's tensors, `refiner_input` and
    `refiner_output` those of the net that looks at close-ups. `weights` say how
    much the logarithms of what the "detector" and the "refiner" make of a character
    count, and what share the "recognizer" has where it stands alone; to that of its
    being no digit `other_bias` is added. By the rule `there` it is there, which
    counts from `presence` on; by the rule `right` it is and is what it is taken
    for, which is accepted from `accept` on. A number's confidence is the product of
    its characters' to the power of `together`.
    """

    NORMALIZER: ClassVar[int] = PAGE_VERSION

    refiner_input: str
    refiner_output: str
    weights: Mapping[str, float]
    other_bias: float = 0.0
    there: Rule
    presence: float
    right: Rule
    accept: float
    together: float
    canaries: tuple[ReadCanary, ...]

    @classmethod
    def _parsed(cls, values: dict[str, Any]) -> dict[str, Any]:
        return values | {
            "there": Rule(**values["there"]),
            "right": Rule(**values["right"]),
            "canaries": tuple(ReadCanary(**canary) for canary in values["canaries"]),
        }

    def _check(self) -> None:
        _check_kinds(self, {"refiner_input": str, "refiner_output": str})
        shares = ("presence", "accept")
        _check_numbers(self, [*shares, "other_bias", "together"])
        if self.together <= 0:
            raise ValueError(f"together is {self.together}")
        for name in shares:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}")
        _check_keys("weights", self.weights, _OPINIONS)
        for rule in (self.there, self.right):
            _check_numbers(rule, ["intercept"])
            _check_keys("coefficients", rule.coefficients, _ODDS)
        for canary in self.canaries:
            _check_kinds(canary, {"image": str, "text": str})


def _check_published(manifest: Published) -> None:
    """Raise `ValueError` for a value that fits no bundle."""
    _check_kinds(manifest, _KINDS)
    for name, digest in manifest.files.items():
        if PurePath(name).name != name or not isinstance(digest, str):
            raise ValueError(f"no file of a bundle is {name!r}, {digest!r}")
    _check_values("metrics", manifest.metrics)


def _check_keys(name: str, values: Mapping[str, float], keys: set[str]) -> None:
    _check_values(name, values)
    if set(values) != keys:
        raise ValueError(f"the {name} are {', '.join(values)}")


def _check_kinds(holder: object, kinds: Mapping[str, type]) -> None:
    for name, kind in kinds.items():
        value = getattr(holder, name)
        if type(value) is not kind:  # True is an int, too
            raise ValueError(f"{name} is {value!r}, no {kind.__name__}")


def _check_numbers(holder: object, names: Iterable[str]) -> None:
    for name in names:
        if not _is_number(getattr(holder, name)):
            raise ValueError(f"{name} is {getattr(holder, name)!r}, no finite number")


def _check_values(name: str, values: Mapping[str, float]) -> None:
    """Raise `ValueError` unless all values of a mapping are finite numbers."""
    if not isinstance(values, dict):
        raise TypeError(f"{name} are {values!r}")
    for key, value in values.items():
        if not _is_number(value):
            raise ValueError(f"{name} has {value!r} for {key}, no finite number")


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
