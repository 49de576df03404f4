"""Stage `calibrate`: how far the model's confidence may be believed, and when an answer counts.

Fitted on validation pictures alone, on the ONNX file through the recogniser.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
from digits_core import Recognizer, prepare
from digits_core.bundle import Acceptance
from digits_core.metrics import accuracy, negative_log_likelihood
from numpy.typing import NDArray

from digits_train import reports
from digits_train.candidate import candidate, parts
from digits_train.data import NOT_A_DIGIT, Data

KEEP = 0.997
"""The share of validation's digits that the thresholds accept at least."""
AS_LIKELY_RIGHT_AS_WRONG = 0.5

CONTRASTS = (12, 14, 16, 20, 24, 28, 32, 40, 48)
GRAIN = 3.0
"""Standard deviation of the paper's noise in grey levels, that of an indoor phone photo."""
FAINT_SAMPLE = 500
FAINT_LOSS = 0.01


def calibrate(model_name: str, data: Data, work: Path) -> tuple[float, Acceptance]:
    """Fit temperature and thresholds, write `work`/NAME.calibrate.json.

    The temperature minimises the negative log-likelihood of the eleven answers
    on validation's digits (Guo et al. 2017). Outliers have no part in it: theirs
    is the shape of our pool, and with them digits' confidence comes out too low
    (measured: an error of calibration of 0.8 % for the MLP instead of 0.45 %). The
    thresholds on digit score and confidence each refuse half of the
    0.3 % of validation's digits that may be refused; the confidence's is at
    least 0.5, where an answer is as likely right as wrong. The least contrast is
    the first at which the digits, drawn on grainy paper, are read within one
    point of plain ones. Raises `StageMissing` without an ONNX file.
    """
    plain = candidate(model_name, work)
    temperature = fit_temperature(_logits(plain, data.validation), data.validation_labels)
    recognizer = candidate(model_name, work, temperature=temperature)
    digits = np.concatenate([data.validation, data.validation_drawn])
    scores = _scores(recognizer, digits)
    refused = (1 - KEEP) / 2
    acceptance = Acceptance(
        min_confidence=max(
            AS_LIKELY_RIGHT_AS_WRONG, _floor(scores[:, :NOT_A_DIGIT].max(axis=1), refused)
        ),
        min_digit_score=_floor(1 - scores[:, NOT_A_DIGIT], refused),
        min_contrast=_min_contrast(recognizer, data),
    )
    reports.write(
        work,
        model_name,
        "calibrate",
        recognizer.bundle.manifest.digest,
        {"temperature": temperature, "acceptance": asdict(acceptance)},
    )
    return temperature, acceptance


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


def _min_contrast(recognizer: Recognizer, data: Data) -> float:
    images, labels = data.validation[:FAINT_SAMPLE], data.validation_labels[:FAINT_SAMPLE]
    plain = accuracy(_scores(recognizer, images)[:, :NOT_A_DIGIT], labels)
    rng = np.random.default_rng(0)
    for contrast in CONTRASTS:
        seen = np.stack([prepare(_faint(image, contrast, rng)).pixels for image in images])
        read = accuracy(_scores(recognizer, seen)[:, :NOT_A_DIGIT], labels)
        if read >= plain - FAINT_LOSS:
            break
    return float(contrast)


def _faint(image: NDArray[np.uint8], contrast: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The digit four times as large on grey, grainy paper, at most `contrast` levels darker."""
    ink = np.kron(np.pad(image, 7), np.ones((4, 4))) / 255
    grain = rng.normal(0, GRAIN, ink.shape)
    return np.clip(np.round(200 - contrast * ink + grain), 0, 255).astype(np.uint8)


def _softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _floor(values: NDArray[np.floating], refused: float) -> float:
    """The value that a share of at most `refused` falls below."""
    return float(np.quantile(values, refused, method="lower"))


def _scores(recognizer: Recognizer, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.concatenate([recognizer.scores(part) for part in parts(images)])


def _logits(recognizer: Recognizer, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.concatenate([recognizer.logits(part) for part in parts(images)])
