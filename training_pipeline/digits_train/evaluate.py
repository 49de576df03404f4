"""Stage `evaluate`: what the model reaches on the test images, all of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from digits_core import Prediction, Recognizer, from_pixels
from digits_core.bundle import Acceptance
from digits_core.metrics import (
    accuracy,
    brier,
    expected_calibration_error,
    negative_log_likelihood,
)
from numpy.typing import NDArray

from digits_train import reports
from digits_train.candidate import candidate, parts
from digits_train.config import Config
from digits_train.data import NOT_A_DIGIT, Data


def evaluate(config: Config, model_name: str, data: Data, work: Path) -> dict[str, float]:
    """Measure the calibrated model, write `work`/NAME.evaluate.json and return the figures.

    Of the test images, by the name of their set: `accuracy` of the digit
    answered, `ece` of its confidence and `ece_digits` of its probability given
    that it is a digit, `nll` with the fitted temperature and
    `nll_uncalibrated` without, `brier`, and `refused`, the share not accepted.
    Of validation: `drawn_accuracy` and `outliers_refused`. Raises `StageMissing`
    before calibration.
    """
    plain = candidate(model_name, work)
    digest = plain.bundle.manifest.digest
    fitted = reports.read(work, model_name, "calibrate", digest)
    acceptance = Acceptance(**fitted["acceptance"])
    recognizer = candidate(
        model_name, work, temperature=fitted["temperature"], acceptance=acceptance
    )
    # Of eleven scores the ten digits' are kept: the largest is the answer's confidence.
    scores, uncalibrated = (
        np.concatenate([r.scores(part) for part in parts(data.test)])[:, :NOT_A_DIGIT]
        for r in (recognizer, plain)
    )
    test = f"{config.data.source}_test"
    labels = data.test_labels
    figures = {
        f"{test}_accuracy": accuracy(scores, labels),
        f"{test}_ece": expected_calibration_error(scores, labels),
        f"{test}_ece_digits": expected_calibration_error(
            scores / scores.sum(axis=1, keepdims=True), labels
        ),
        f"{test}_nll": negative_log_likelihood(scores, labels),
        f"{test}_nll_uncalibrated": negative_log_likelihood(uncalibrated, labels),
        f"{test}_brier": brier(scores, labels),
        f"{test}_refused": _refused(_ask(recognizer, data.test)),
        "validation_outliers_refused": _refused(_ask(recognizer, data.validation_outliers)),
    }
    if len(data.validation_drawn):
        answers = [answer.digit for answer in _ask(recognizer, data.validation_drawn)]
        right = [a == b for a, b in zip(answers, data.validation_drawn_labels, strict=True)]
        figures["validation_drawn_accuracy"] = float(np.mean(right))
    reports.write(work, model_name, "evaluate", digest, figures)
    return figures


def _ask(recognizer: Recognizer, images: NDArray[np.uint8]) -> list[Prediction]:
    return [
        answer
        for part in parts(images)
        for answer in recognizer.recognize([from_pixels(image) for image in part])
    ]


def _refused(answers: Sequence[Prediction]) -> float:
    return float(np.mean([not answer.accepted for answer in answers]))
