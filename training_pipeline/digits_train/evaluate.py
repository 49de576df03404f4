"""Stage `evaluate`: what the model reaches on the test images, all of them, and on photographs."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from digits_core import Recognizer
from digits_core.metrics import brier, negative_log_likelihood
from numpy.typing import NDArray

from digits_train import reports
from digits_train.answers import Answers, Shown
from digits_train.candidate import calibrated, candidate, parts
from digits_train.config import Config
from digits_train.data import Data
from digits_train.reliability import (
    calibration_band,
    calibration_error,
    from_confidence,
    risk_coverage,
)

CURVE_POINTS = 200


def evaluate(
    config: Config, model_name: str, data: Data, photos: Shown, work: Path
) -> dict[str, float]:
    """Measure the calibrated model, write `work`/NAME.evaluate.json and return the figures.

    Of the test images, by the name of their set, and of the digits among
    `photos`, validation pictures that calibration has not seen: `accuracy` of the
    digit answered; `ece` of its confidence and `ece_digits` of its probability
    given that it is a digit, each with `_most`, what a perfectly calibrated
    model may have in 95 of 100 cases; `nll`, `brier`, and `refused`, the share not
    accepted. Of test, `nll_uncalibrated` is at temperature 1 and,
    where the model is one of several `runs`, `accuracy_mean` theirs. For operators:
    `confidence_for_1_in_N`, chosen in calibration, and what accepting from there
    on gives: `accepted_at_1_in_N` and `wrong_at_1_in_N`, shares of all digits and
    of the accepted. `photos_others_refused` is of the photos that show no digit. Of
    validation: `drawn_accuracy` and `outliers_refused`. The curves of risk against
    coverage go to `work`/NAME.risk.json. Raises `StageMissing` before calibration.
    """
    plain = candidate(model_name, work)
    digest = plain.manifest.digest
    fitted = reports.read(work, model_name, "calibrate", digest)
    recognizer = candidate(model_name, work, calibrated(model_name, work, digest))
    test = f"{config.data.source}_test"
    sets = {test: Shown.values(data.test, data.test_labels.tolist()), "photos": photos}
    answers = {name: Answers.ask(recognizer, shown) for name, shown in sets.items()}
    on_digits = {name: given.where(sets[name].digit) for name, given in answers.items()}
    figures: dict[str, float] = {}
    for name, given in on_digits.items():
        labels = [label for label in sets[name].labels if label is not None]
        figures |= _prefixed(name, _of_digits(given, np.array(labels)))
    uncalibrated = np.concatenate([plain.scores(part) for part in parts(data.test)])
    figures[f"{test}_nll_uncalibrated"] = negative_log_likelihood(uncalibrated, data.test_labels)
    figures["photos_others_refused"] = _share(~answers["photos"].accepted[~photos.digit])
    figures |= _of_validation(recognizer, data)
    if runs := reports.read_runs(work, model_name):
        figures |= {f"{test}_accuracy_mean": float(np.mean(runs)), f"{test}_runs": len(runs)}
    for risk, least in fitted["confidence_for"].items():
        figures[f"confidence_for_1_in_{risk}"] = least
        for name, given in on_digits.items():
            point = from_confidence(given.sure, given.right, least)
            figures[f"{name}_accepted_at_1_in_{risk}"] = point.coverage
            figures[f"{name}_wrong_at_1_in_{risk}"] = point.risk
    reports.write(work, model_name, "evaluate", digest, figures)
    curves = {name: _curve(given) for name, given in on_digits.items()}
    reports.write(work, model_name, "risk", digest, curves)
    return figures


def _of_digits(answers: Answers, labels: NDArray[np.integer]) -> dict[str, float]:
    probability = answers.probabilities.max(axis=1)
    return {
        "accuracy": _share(answers.right),
        "ece": calibration_error(answers.confidence, answers.right),
        "ece_most": calibration_band(answers.confidence).high,
        "ece_digits": calibration_error(probability, answers.right),
        "ece_digits_most": calibration_band(probability).high,
        "nll": negative_log_likelihood(answers.scores, labels),
        "brier": brier(answers.scores, labels),
        "refused": _share(~answers.accepted),
    }


def _of_validation(recognizer: Recognizer, data: Data) -> dict[str, float]:
    outliers = Shown.values(data.validation_outliers, [None] * len(data.validation_outliers))
    figures = {"outliers_refused": _share(~Answers.ask(recognizer, outliers).accepted)}
    if len(data.validation_drawn):
        drawn = Shown.values(data.validation_drawn, data.validation_drawn_labels.tolist())
        figures["drawn_accuracy"] = _share(Answers.ask(recognizer, drawn).right)
    return _prefixed("validation", figures)


def _curve(answers: Answers) -> list[dict[str, Any]]:
    curve = risk_coverage(answers.sure, answers.right)
    chosen = np.unique(np.linspace(0, len(curve) - 1, CURVE_POINTS).astype(int))
    return [asdict(curve[index]) for index in chosen]


def _prefixed(name: str, figures: dict[str, float]) -> dict[str, float]:
    return {f"{name}_{key}": value for key, value in figures.items()}


def _share(true: NDArray[np.bool_]) -> float:
    return float(true.mean())
