"""A recogniser's answers to labelled pictures, as arrays to count over."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from digits_core import ImageError, Normalized, Prediction, Recognizer
from numpy.typing import NDArray

AT_ONCE = 500
"""Pictures a call: the CNN's maps of 10,000 at once would fill the memory."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered to N pictures.

    `digits` int[N] holds the digits, -1 for none; `confidence` float[N];
    `probabilities` float[N, 10], given that it is a digit; `accepted` bool[N];
    `right` bool[N]: the digit is the label's, which nothing is where the label
    is no digit. An undecodable picture is answered by none, at confidence 0.
    """

    digits: NDArray[np.int_]
    confidence: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    accepted: NDArray[np.bool_]
    right: NDArray[np.bool_]

    @classmethod
    def of(
        cls, outcomes: Sequence[Prediction | ImageError], labels: Sequence[int | None]
    ) -> "Answers":
        """Gather predictions; a label that is None or beyond 9 is no digit."""
        answered = [o if isinstance(o, Prediction) else None for o in outcomes]
        digits = np.array([-1 if a is None or a.digit is None else a.digit for a in answered])
        wanted = np.array([-2 if label is None else int(label) for label in labels])
        return cls(
            digits=digits,
            confidence=np.array([a.confidence if a else 0.0 for a in answered]),
            probabilities=np.array([a.probabilities if a else (0.1,) * 10 for a in answered]),
            accepted=np.array([a is not None and a.accepted for a in answered]),
            right=digits == wanted,
        )

    @classmethod
    def ask(
        cls,
        recognizer: Recognizer,
        seen: Sequence[Normalized | ImageError],
        labels: Sequence[int | None],
    ) -> "Answers":
        """Ask about prepared pictures, or what kept one from being prepared."""
        images = [item for item in seen if isinstance(item, Normalized)]
        predictions = (
            prediction
            for start in range(0, len(images), AT_ONCE)
            for prediction in recognizer.recognize(images[start : start + AT_ONCE])
        )
        return cls.of(
            [next(predictions) if isinstance(item, Normalized) else item for item in seen], labels
        )

    @property
    def errors(self) -> int:
        """Pictures whose digit was not answered, accepted or not."""
        return int((~self.right).sum())

    @property
    def wrongly_accepted(self) -> int:
        return int((self.accepted & ~self.right).sum())

    @property
    def refused(self) -> int:
        return int((~self.accepted).sum())

    @property
    def sure(self) -> NDArray[np.float64]:
        """The confidence of those accepted, 0 of those refused: nobody acts on these."""
        return np.where(self.accepted, self.confidence, 0.0)

    def where(self, chosen: NDArray[np.bool_]) -> "Answers":
        """The answers to the chosen pictures alone."""
        return Answers(
            self.digits[chosen],
            self.confidence[chosen],
            self.probabilities[chosen],
            self.accepted[chosen],
            self.right[chosen],
        )
