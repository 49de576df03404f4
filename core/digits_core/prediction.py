"""What a model says about one picture."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Rejection(StrEnum):
    """Why an answer is not accepted. The names are those of the wire, without its prefix."""

    BLANK = "BLANK"
    NOT_A_DIGIT = "NOT_A_DIGIT"
    SEVERAL_DIGITS = "SEVERAL_DIGITS"
    TOO_FAINT = "TOO_FAINT"
    UNSURE = "UNSURE"


@dataclass(frozen=True, slots=True)
class Prediction:
    """One model's calibrated answer for one picture.

    `digit` is 0 to 9, None only when there is no ink. `probabilities` are ten
    values that sum to 1, given that the picture shows one digit; `digit_score`
    is the probability that it does; `confidence` is the product of the two for
    `digit`. `reason` is None exactly when `accepted`. `normalized` is the
    uint8[28, 28] that the model saw, white ink on black.
    """

    digit: int | None
    confidence: float
    probabilities: tuple[float, ...]
    digit_score: float
    accepted: bool
    reason: Rejection | None
    model: str
    model_version: str
    normalized: NDArray[np.uint8]
    digit_count: int
