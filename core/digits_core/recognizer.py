"""The one recogniser: a bundle in, pictures in, predictions out."""

import base64
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from digits_core import bundle as bundles
from digits_core.acceptance import chance, features, surely
from digits_core.answers import Answers
from digits_core.bundle import Bundle, Manifest
from digits_core.errors import BundleError, CoreError, ImageError
from digits_core.image import (
    Limits,
    Normalized,
    decode,
    find_pieces,
    from_pixels,
    grey,
    normalize,
)
from digits_core.prediction import Prediction, Rejection
from digits_core.session import open_session, shapes

Picture: TypeAlias = bytes | str | os.PathLike[str] | NDArray[np.uint8]

_NOT_A_DIGIT = 10
_VALUES = 28 * 28
_CHANCE = (0.1,) * 10
_EVEN = 0.5
# A reading less likely than this to show no digit is no surer for it.
_SURE = 1e-6
# A digit that takes a fortieth of so many pixels is still as large as the normaliser wants it.
_ENOUGH = 1_600
# Another machine's kernels round differently; a wrong model is off by far more.
_CANARY_TOLERANCE = 1e-3


class Recognizer:
    """Recognises digits with one published model.

        recognizer = Recognizer.load()
        prediction = recognizer.predict("digit.png")
        print(prediction.digit, prediction.confidence)

    It is safe to use from several threads. The session runs on `threads`
    threads. Making one verifies the model's tensors, warms it up and asks it the
    bundle's canary pictures; raises `BundleError` when it fails any of these.
    """

    def __init__(self, bundle: Bundle[Manifest], *, threads: int = 1) -> None:
        # The manifest alone: the file's content takes as much memory again as the session.
        self.manifest = bundle.manifest
        self.name = bundle.manifest.name
        self.version = str(bundle.manifest.version)
        self._session = _open(bundle, threads)
        shape = self._session.get_inputs()[0].shape
        self._shape = (-1, 28, 28, 1) if len(shape) == 4 else (-1, 28, 28)
        self._ask_canaries()

    @classmethod
    def load(
        cls, name: str | None = None, models_dir: Path = bundles.MODELS_DIR, *, threads: int = 1
    ) -> Self:
        """Load a model's newest version, the default model unless `name` says otherwise.

        Raises `ModelNotFound` or `BundleError`.
        """
        return cls(Bundle.read(bundles.find(name, models_dir), Manifest), threads=threads)

    def predict(self, picture: Picture, limits: Limits | None = None) -> Prediction:
        """Recognise one picture: a file's bytes, its path, or uint8 [H, W], [H, W, 3 or 4].

        Raises `ImageError` when it cannot be decoded, `OSError` for an unreadable path.
        """
        return self.recognize([prepare(picture, limits)])[0]

    def predict_batch(
        self, pictures: Sequence[Picture], limits: Limits | None = None
    ) -> list[Prediction | ImageError]:
        """Recognise several pictures; one that cannot be decoded gives an `ImageError`."""
        seen: list[Normalized | ImageError] = []
        for picture in pictures:
            try:
                seen.append(prepare(picture, limits))
            except ImageError as error:
                seen.append(error)
        answers = iter(self.recognize([item for item in seen if isinstance(item, Normalized)]))
        return [item if isinstance(item, ImageError) else next(answers) for item in seen]

    def recognize(self, seen: Sequence[Normalized]) -> list[Prediction]:
        """Recognise what `prepare` or `from_pixels` made of pictures, in order.

        Raises `CoreError` when the model answers with something that is no number.
        """
        if not seen:
            return []
        readings = [(item, *item.alternatives) for item in seen]
        scores = self.scores(np.stack([each.pixels for item in readings for each in item]))
        answers, start = [], 0
        for item in readings:
            answers.append(self._judge(*_best(item, scores[start : start + len(item)])))
            start += len(item)
        return answers

    def recognize_values(self, values: NDArray[np.uint8]) -> Answers:
        """Recognise uint8[N, 28, 28], white ink on black, as they are: as `from_pixels` takes them.

        The same answers as one by one, in a fraction of the time for N from 4 on.
        Raises `CoreError` as `recognize` does.
        """
        scores = self.scores(values)
        pieces = find_pieces(values)
        contrast = values.reshape(-1, _VALUES).max(axis=1).astype(np.float64)
        rule = self.manifest.acceptance
        least = surely(pieces.box, contrast, scores, rule.coefficients, rule.intercept)
        clear = (pieces.count == 1) & (contrast >= rule.min_contrast) & (least >= rule.threshold)
        digits, digit_score = scores[:, :_NOT_A_DIGIT], 1 - scores[:, _NOT_A_DIGIT]
        probabilities = digits / digits.sum(axis=1, keepdims=True)
        answers = Answers(
            digit=digits.argmax(axis=1).astype(np.int8),
            confidence=probabilities.max(axis=1) * digit_score,
            probabilities=probabilities,
            digit_score=digit_score,
            reason=np.zeros(len(values), np.int8),
            normalized=values,
            digit_count=pieces.count.astype(np.int64),
            model=self.name,
            model_version=self.version,
        )
        for place in np.flatnonzero(~clear).tolist():
            answers.set(place, self._judge(from_pixels(values[place]), scores[place]))
        return answers

    def scores(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Calibrated probabilities float64[N, 11] of uint8[N, 28, 28]: the digits, then "no digit".

        softmax(logits / T), with the temperature T of the manifest (Guo et al. 2017) and its
        bias for "no digit", which people send more seldom than training shows it.
        """
        scaled = self.logits(pixels).astype(np.float64) / self.manifest.temperature
        scaled[:, _NOT_A_DIGIT] += self.manifest.other_bias
        odds = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the model itself answers: float32[N, 11] for uint8[N, 28, 28]."""
        image = pixels.astype(np.float32) / np.float32(255)
        manifest = self.manifest
        (logits,) = self._session.run(
            [manifest.output], {manifest.input: image.reshape(self._shape)}
        )
        if not np.isfinite(logits).all():
            raise CoreError(f"the model {self.name} answered with values that are no numbers")
        return logits

    def _judge(self, seen: Normalized, scores: NDArray[np.float64]) -> Prediction:
        # Lists, as numpy takes longer over eleven numbers than Python does.
        *digits, other = scores.tolist()
        total = math.fsum(digits)
        best = max(digits)
        digit_score = 1 - other
        reason = self._why_not(seen, scores)
        blank = reason is Rejection.BLANK
        return Prediction(
            digit=None if blank else digits.index(best),
            confidence=0.0 if blank else best / total * digit_score,
            probabilities=_CHANCE if blank else tuple([digit / total for digit in digits]),
            digit_score=0.0 if blank else digit_score,
            accepted=reason is None,
            reason=reason,
            model=self.name,
            model_version=self.version,
            normalized=seen.pixels,
            digit_count=seen.digit_count,
        )

    def _why_not(self, seen: Normalized, scores: NDArray[np.float64]) -> Rejection | None:
        rule = self.manifest.acceptance
        if seen.digit_count == 0:
            return Rejection.BLANK
        if seen.digit_count > 1:
            return Rejection.SEVERAL_DIGITS
        if seen.contrast < rule.min_contrast:
            return Rejection.TOO_FAINT
        if chance(features(seen, scores), rule.coefficients, rule.intercept) >= rule.threshold:
            return None
        return Rejection.NOT_A_DIGIT if scores[_NOT_A_DIGIT] > _EVEN else Rejection.UNSURE

    def _ask_canaries(self) -> None:
        canaries = self.manifest.canaries
        if not canaries:
            raise BundleError(f"the bundle {self.name} {self.version} has no canary pictures")
        try:
            answers = self.recognize(
                [prepare(base64.b64decode(canary.image)) for canary in canaries]
            )
        except (CoreError, ValueError) as error:
            raise BundleError(
                f"the bundle {self.name} {self.version} fails on its canary pictures: {error}"
            ) from error
        for canary, answer in zip(canaries, answers, strict=True):
            given = np.array([*answer.probabilities, answer.digit_score])
            wanted = np.array([*canary.probabilities, canary.digit_score])
            if answer.digit != canary.digit or np.abs(given - wanted).max() > _CANARY_TOLERANCE:
                raise BundleError(
                    f"the bundle {self.name} {self.version} answers {answer.digit} for a canary "
                    f"picture that it was published with as {canary.digit}, or with other "
                    "probabilities: it does not fit this code"
                )


def _best(
    readings: tuple[Normalized, ...], scores: NDArray[np.float64]
) -> tuple[Normalized, NDArray[np.float64]]:
    """The reading of one picture that shows the likeliest digit best, with its scores.

    That digit has the greatest sum of odds against "no digit" over all readings: the one
    most like a digit counts most, and among those nearly as like it the ones that agree. A
    reading that shows several digits is no answer as long as another shows one.
    """
    if len(readings) == 1:
        return readings[0], scores[0]
    single = np.array([[each.digit_count == 1] for each in readings])
    digits = scores[:, :_NOT_A_DIGIT] * single
    odds = digits / np.maximum(scores[:, _NOT_A_DIGIT:], _SURE)
    best = int(digits[:, odds.sum(axis=0).argmax()].argmax())
    return readings[best], scores[best]


def prepare(picture: Picture, limits: Limits | None = None) -> Normalized:
    """Decode and normalise a picture: a file's bytes, its path, or uint8 [H, W], [H, W, 3 or 4].

    Raises `ImageError` when it cannot be decoded, `OSError` for an unreadable path.
    """
    return normalize(decoded(picture, limits, enough=_ENOUGH))


def decoded(
    picture: Picture, limits: Limits | None = None, *, enough: int | None = None
) -> NDArray[np.uint8]:
    """Decode a picture into grey levels uint8[H, W]. Takes and raises what `prepare` does.

    With `enough` a large JPEG may come out smaller, as `digits_core.image.decode` says.
    """
    if isinstance(picture, np.ndarray):
        return grey(picture, limits)
    if not isinstance(picture, bytes):
        picture = Path(picture).read_bytes()
    return decode(picture, limits, enough=enough)


def _open(bundle: Bundle[Manifest], threads: int) -> onnxruntime.InferenceSession:
    manifest = bundle.manifest
    session = open_session(manifest.name, bundle.model, threads)
    inputs, outputs = shapes(session)
    fits = (
        list(inputs) == [manifest.input]
        and inputs[manifest.input][1:] in ([28, 28], [28, 28, 1])
        and manifest.output in outputs
        and outputs[manifest.output][1:] == [_NOT_A_DIGIT + 1]
    )
    if not fits:
        raise BundleError(
            f"the model {manifest.name} takes {inputs} and gives {outputs}; it must take "
            f"{manifest.input} [N, 28, 28] or [N, 28, 28, 1] and give {manifest.output} [N, 11]"
        )
    return session
