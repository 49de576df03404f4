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
from digits_core.metrics import negative_log_likelihood
from numpy.typing import NDArray

from digits_train import refusal, reports
from digits_train.answers import Answers, Shown
from digits_train.candidate import EVERYTHING, candidate, parts
from digits_train.data import Data
from digits_train.faint import least_contrast
from digits_train.reliability import operating_point

ROUNDS = 2

RISKS = (1_000, 200, 100)
"""Operators are told from which confidence on one accepted answer in so many is wrong."""


def calibrate(model_name: str, data: Data, photos: Shown, work: Path) -> tuple[float, Acceptance]:
    """Fit temperature and acceptance, write `work`/NAME.calibrate.json.

    `photos` are validation's digits and non-digits as people might send them.

    The temperature minimises the negative log-likelihood of the eleven answers
    (Guo et al. 2017) on digits, plain ones and those of the photos that are
    accepted: of the others nobody asks how sure they are, and they are the
    hard ones of our making. Non-digits have no part in it: their share is ours,
    not the users', and with them digits' confidence comes out too low (measured:
    an error of calibration of 0.8 % for the MLP instead of 0.45 %). What is
    accepted depends on the temperature in turn, so both are fitted a second time.

    The least contrast is `faint.least_contrast`; what passes it is up to the
    rule of `refusal.learn`. From `confidence_for` N on, one in N accepted
    validation pictures is wrong. Raises `StageMissing` without an ONNX file.
    """
    plain = Shown.values(data.validation, data.validation_labels.tolist())
    accepted = photos
    for _ in range(ROUNDS):
        temperature = fit_temperature(*_digits(candidate(model_name, work), [plain, accepted]))
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


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """The temperature, 0.1 to 10, of least negative log-likelihood.

    `logits` is float[N, C], `labels` int[N].
    """

    def cost(log_temperature: float) -> float:
        return negative_log_likelihood(_softmax(logits / np.exp(log_temperature)), labels)

    # The likelihood has a single peak in the temperature: thirds close in on it.
    low, high = np.log(0.1), np.log(10.0)
    while high - low > 1e-4:
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if cost(left) < cost(right) else (left, high)
    return float(np.exp((low + high) / 2))


def _digits(
    recognizer: Recognizer, sets: Sequence[Shown]
) -> tuple[NDArray[np.float32], NDArray[np.int_]]:
    """Logits float[N, 11] and labels of all pictures of digits in which some ink was found."""
    chosen = [
        (item.pixels, label)
        for shown in sets
        for item, label in zip(shown.seen, shown.labels, strict=True)
        if label is not None and isinstance(item, Normalized) and item.digit_count
    ]
    images = np.stack([pixels for pixels, _ in chosen])
    logits = np.concatenate([recognizer.logits(part) for part in parts(images)])
    return logits, np.array([label for _, label in chosen])


def _confidence_for(recognizer: Recognizer, sets: Sequence[Shown]) -> dict[str, float]:
    answers = [Answers.ask(recognizer, shown) for shown in sets]
    sure = np.concatenate([a.sure for a in answers])
    right = np.concatenate([a.right for a in answers])
    return {str(risk): operating_point(sure, right, 1 / risk).confidence for risk in RISKS}


def _softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)
