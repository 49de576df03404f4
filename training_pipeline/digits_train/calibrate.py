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

from digits_train import logistic, refusal, reports
from digits_train.answers import Answers, Shown
from digits_train.candidate import EVERYTHING, Calibration, candidate, parts
from digits_train.data import NOT_A_DIGIT, Data
from digits_train.faint import least_contrast
from digits_train.reliability import operating_point

PHOTOS_WEIGHT = 0.1
"""What a photographed digit counts, a plain one counting 1: ours are harder than those people send.

Measured on the first CNN: fitted on plain digits alone, its temperature suits what people sent; on
accepted photos alone it is half as high again.
"""
OTHERS = 0.005
"""The share of what people send that shows no digit: our guess, in training it is a quarter.

Of a CNN, the error of calibration on validation's digits: 0.37 % from 0.02 or 0.01, 0.34 % from
0.005, 0.29 % from 0.003.
"""
ROUNDS = 2

RISKS = (1_000, 200, 100)
"""Operators are told from which confidence on one accepted answer in so many is wrong."""


def calibrate(model_name: str, data: Data, photos: Shown, work: Path) -> Calibration:
    """Fit temperature, bias and acceptance, write `work`/NAME.calibrate.json.

    `photos` are validation's digits and non-digits as people might send them.

    The temperature minimises the negative log-likelihood of the eleven answers (Guo et
    al. 2017) on digits, plain ones as values and as pictures and, at `PHOTOS_WEIGHT`,
    those of the photos that are accepted: of the others nobody asks how sure they are.
    Non-digits have no part in it: their share is ours, not the users'. For the same
    reason "not a digit" gets a bias, as after a change of the classes' shares (Saerens
    et al. 2002): on these digits and the photos without one, weighed so that they are
    `OTHERS` of all, it is believed as often as it is true. What is accepted depends on
    both in turn, so all are fitted a second time.

    The least contrast is `faint.least_contrast`; what passes it is up to the
    rule of `refusal.learn`. From `confidence_for` N on, one in N accepted
    answers to validation's digits is wrong. Raises `StageMissing` without an ONNX file.
    """
    plain = _plain(data)
    raw = candidate(model_name, work)
    others = _logits(raw, photos.where(~photos.digit))[0]
    accepted, bias = photos, 0.0
    for _ in range(ROUNDS):
        digits = [_logits(raw, shown) for shown in (plain, accepted.where(accepted.digit))]
        weights = np.repeat([1.0, PHOTOS_WEIGHT], [len(labels) for _, labels in digits])
        logits = np.concatenate([part for part, _ in digits])
        labels = np.concatenate([labels for _, labels in digits])
        temperature = fit_temperature(logits, labels, weights, bias)
        bias = fit_bias(odds(logits / temperature), odds(others / temperature), weights)
        believed = Calibration(temperature, bias)
        acceptance = _acceptance(model_name, believed, plain, photos, work)
        fitted = replace(believed, acceptance=acceptance)
        judge = candidate(model_name, work, fitted)
        accepted = photos.where(Answers.ask(judge, photos).accepted)
    reports.write(
        work,
        model_name,
        "calibrate",
        judge.manifest.digest,
        asdict(fitted) | {"confidence_for": _confidence_for(judge, [plain, photos])},
    )
    return fitted


def _plain(data: Data) -> Shown:
    """Validation's digits as they are, then again as pictures of 28x28."""
    labels = data.validation_labels.tolist()
    values = Shown.values(data.validation, labels)
    pictures = Shown.pictures(zip(data.validation, labels, strict=True))
    return Shown([*values.seen, *pictures.seen], labels + labels)


def _acceptance(
    model_name: str, believed: Calibration, plain: Shown, photos: Shown, work: Path
) -> Acceptance:
    min_contrast = least_contrast(candidate(model_name, work, believed), plain)
    lenient = replace(believed, acceptance=replace(EVERYTHING, min_contrast=min_contrast))
    recognizer = candidate(model_name, work, lenient)
    rule = refusal.learn(refusal.examples(recognizer, photos), refusal.examples(recognizer, plain))
    return Acceptance(min_contrast=min_contrast, **asdict(rule))


def fit_temperature(
    logits: NDArray[np.floating],
    labels: NDArray[np.integer],
    weights: NDArray[np.floating] | None = None,
    bias: float = 0.0,
) -> float:
    """The temperature, 0.1 to 10, of least negative log-likelihood.

    `logits` is float[N, C], `labels` int[N], `weights` float[N] says how much each counts;
    `bias` is that of the last class.
    """
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    every = np.arange(len(labels))

    def cost(log_temperature: float) -> float:
        scaled = shifted / np.exp(log_temperature)
        scaled[:, -1] += bias
        losses = np.log(np.exp(scaled).sum(axis=1)) - scaled[every, labels]
        return float(np.average(losses, weights=weights))

    # The likelihood has a single peak in the temperature: thirds close in on it.
    low, high = np.log(0.1), np.log(10.0)
    while high - low > 1e-4:
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if cost(left) < cost(right) else (left, high)
    return float(np.exp((low + high) / 2))


def fit_bias(
    digits: NDArray[np.float64],
    others: NDArray[np.float64],
    weights: NDArray[np.floating],
    share: float = OTHERS,
) -> float:
    """The bias, -20 to 20, with which "not a digit" is believed as often as it is true.

    `digits` float[N] and `others` float[M] are log-odds of "not a digit", `weights`
    float[N] says how much each digit counts; the others are `share` of all.
    """

    def believed(bias: float) -> float:
        of_digits = np.average(logistic.sigmoid(digits + bias), weights=weights)
        of_others = logistic.sigmoid(others + bias).mean()
        return float((1 - share) * of_digits + share * of_others)

    # The more bias, the more is believed: halves close in on it.
    low, high = -20.0, 20.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if believed(middle) < share else (low, middle)
    return (low + high) / 2


def odds(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """The log-odds float64[N] of the last class in float[N, C]."""
    top = logits[:, :-1].max(axis=1)
    rest = np.log(np.exp(logits[:, :-1].astype(np.float64) - top[:, None]).sum(axis=1))
    difference: NDArray[np.float64] = logits[:, -1] - top - rest
    return difference


def _logits(recognizer: Recognizer, shown: Shown) -> tuple[NDArray[np.float32], NDArray[np.int_]]:
    """float32[N, 11] and labels of the pictures in which some ink was found."""
    chosen = [
        (item.pixels, NOT_A_DIGIT if label is None else label)
        for item, label in zip(shown.seen, shown.labels, strict=True)
        if isinstance(item, Normalized) and item.digit_count
    ]
    pixels = np.array([each for each, _ in chosen], np.uint8).reshape(-1, 28, 28)
    logits = [recognizer.logits(part) for part in parts(pixels) if len(part)]
    return (
        np.concatenate([np.zeros((0, NOT_A_DIGIT + 1), np.float32), *logits]),
        np.array([label for _, label in chosen], int),
    )


def _confidence_for(recognizer: Recognizer, sets: Sequence[Shown]) -> dict[str, float]:
    digits = [shown.where(shown.digit) for shown in sets]
    answers = [Answers.ask(recognizer, shown) for shown in digits]
    sure = np.concatenate([a.sure for a in answers])
    right = np.concatenate([a.right for a in answers])
    return {str(risk): operating_point(sure, right, 1 / risk).confidence for risk in RISKS}
