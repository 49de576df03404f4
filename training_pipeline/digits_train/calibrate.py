"""Stage `calibrate`: how far the model's confidence may be believed, and when an answer counts.

Fitted on validation pictures alone, plain and photographed, on the ONNX file
through the recogniser.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from digits_core import Normalized, Recognizer
from digits_core.bundle import Acceptance
from numpy.typing import NDArray

from digits_train import refusal, reports
from digits_train.answers import Answers, Shown
from digits_train.candidate import EVERYTHING, candidate, parts
from digits_train.data import Data
from digits_train.faint import least_contrast
from digits_train.reliability import operating_point

PHOTOS_WEIGHT = 0.1
"""What a photographed digit counts, a plain one counting 1: ours are harder than those people send.

Measured on the first CNN: fitted on plain digits alone, its temperature suits what people sent; on
accepted photos alone it is half as high again.
"""
ROUNDS = 2

RISKS = (1_000, 200, 100)
"""Operators are told from which confidence on one accepted answer in so many is wrong."""


def calibrate(model_name: str, data: Data, photos: Shown, work: Path) -> tuple[float, Acceptance]:
    """Fit temperature and acceptance, write `work`/NAME.calibrate.json.

    `photos` are validation's digits and non-digits as people might send them.

    The temperature minimises the negative log-likelihood of the eleven answers
    (Guo et al. 2017) on digits, plain ones and, at `PHOTOS_WEIGHT`, those of the
    photos that are accepted: of the others nobody asks how sure they are. Non-digits
    have no part in it: their share is ours, not the users', and with them
    digits' confidence comes out too low (measured: an error of calibration of
    0.8 % for the MLP instead of 0.45 %). What is accepted depends on the
    temperature in turn, so both are fitted a second time.

    The least contrast is `faint.least_contrast`; what passes it is up to the
    rule of `refusal.learn`. From `confidence_for` N on, one in N accepted
    answers to validation's digits is wrong. Raises `StageMissing` without an ONNX file.
    """
    plain = Shown.values(data.validation, data.validation_labels.tolist())
    accepted = photos
    for _ in range(ROUNDS):
        temperature = _temperature(candidate(model_name, work), plain, accepted)
        acceptance = _acceptance(model_name, temperature, plain, photos, work)
        judge = candidate(model_name, work, temperature=temperature, acceptance=acceptance)
        accepted = photos.where(Answers.ask(judge, photos).accepted)
    reports.write(
        work,
        model_name,
        "calibrate",
        judge.bundle.manifest.digest,
        {
            "temperature": temperature,
            "acceptance": asdict(acceptance),
            "confidence_for": _confidence_for(judge, [plain, photos]),
        },
    )
    return temperature, acceptance


def _acceptance(
    model_name: str, temperature: float, plain: Shown, photos: Shown, work: Path
) -> Acceptance:
    calibrated = candidate(model_name, work, temperature=temperature)
    min_contrast = least_contrast(calibrated, plain)
    lenient = replace(EVERYTHING, min_contrast=min_contrast)
    recognizer = candidate(model_name, work, temperature=temperature, acceptance=lenient)
    rule = refusal.learn(refusal.examples(recognizer, photos), refusal.examples(recognizer, plain))
    return Acceptance(min_contrast=min_contrast, **asdict(rule))


def fit_temperature(
    logits: NDArray[np.floating],
    labels: NDArray[np.integer],
    weights: NDArray[np.floating] | None = None,
) -> float:
    """The temperature, 0.1 to 10, of least negative log-likelihood.

    `logits` is float[N, C], `labels` int[N], `weights` float[N] says how much each counts.
    """
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    every = np.arange(len(labels))

    def cost(log_temperature: float) -> float:
        scaled = shifted / np.exp(log_temperature)
        losses = np.log(np.exp(scaled).sum(axis=1)) - scaled[every, labels]
        return float(np.average(losses, weights=weights))

    # The likelihood has a single peak in the temperature: thirds close in on it.
    low, high = np.log(0.1), np.log(10.0)
    while high - low > 1e-4:
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if cost(left) < cost(right) else (left, high)
    return float(np.exp((low + high) / 2))


def _temperature(recognizer: Recognizer, plain: Shown, photos: Shown) -> float:
    pixels, labels = _digits(plain)
    more_pixels, more_labels = _digits(photos)
    logits = [recognizer.logits(part) for part in parts(np.concatenate([pixels, more_pixels]))]
    weights = np.concatenate([np.ones(len(labels)), np.full(len(more_labels), PHOTOS_WEIGHT)])
    return fit_temperature(np.concatenate(logits), np.append(labels, more_labels), weights)


def _digits(shown: Shown) -> tuple[NDArray[np.uint8], NDArray[np.int_]]:
    """uint8[N, 28, 28] and labels of the digits in which some ink was found."""
    chosen = [
        (item.pixels, label)
        for item, label in zip(shown.seen, shown.labels, strict=True)
        if label is not None and isinstance(item, Normalized) and item.digit_count
    ]
    pixels = np.array([each for each, _ in chosen], np.uint8).reshape(-1, 28, 28)
    return pixels, np.array([label for _, label in chosen], int)


def _confidence_for(recognizer: Recognizer, sets: Sequence[Shown]) -> dict[str, float]:
    digits = [shown.where(shown.digit) for shown in sets]
    answers = [Answers.ask(recognizer, shown) for shown in digits]
    sure = np.concatenate([a.sure for a in answers])
    right = np.concatenate([a.right for a in answers])
    return {str(risk): operating_point(sure, right, 1 / risk).confidence for risk in RISKS}
