"""What a model says about many pictures, in columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits_core.prediction import Prediction, Rejection

NO_DIGIT = -1
"""In the column of digits, where there is no ink."""

REASONS: tuple[Rejection | None, ...] = (None, *Rejection)
"""What the column of reasons counts in: 0 is an accepted answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The fields of `Prediction` for N pictures, each a column of N.

    `digit` is int8, `reason` int8 in `REASONS`, `digit_count` int64, the scores
    float64, `probabilities` [N, 10], `normalized` uint8[N, 28, 28].
    """

    digit: NDArray[np.int8]
    confidence: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    digit_score: NDArray[np.float64]
    reason: NDArray[np.int8]
    normalized: NDArray[np.uint8]
    digit_count: NDArray[np.int64]
    model: str
    model_version: str

    def __len__(self) -> int:
        return len(self.digit)

    def __getitem__(self, place: int) -> Prediction:
        """The answer for one picture."""
        digit = int(self.digit[place])
        reason = REASONS[self.reason[place]]
        return Prediction(
            digit=None if digit == NO_DIGIT else digit,
            confidence=float(self.confidence[place]),
            probabilities=tuple(self.probabilities[place].tolist()),
            digit_score=float(self.digit_score[place]),
            accepted=reason is None,
            reason=reason,
            model=self.model,
            model_version=self.model_version,
            normalized=self.normalized[place],
            digit_count=int(self.digit_count[place]),
        )

    def set(self, place: int, answer: Prediction) -> None:
        """Put in what was found out about one picture apart from the others."""
        self.digit[place] = NO_DIGIT if answer.digit is None else answer.digit
        self.confidence[place] = answer.confidence
        self.probabilities[place] = answer.probabilities
        self.digit_score[place] = answer.digit_score
        self.reason[place] = REASONS.index(answer.reason)
        self.digit_count[place] = answer.digit_count
