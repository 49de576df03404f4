"""Labelled pictures, and a recogniser's answers to them as arrays to count over."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
from digits_core import ImageError, Normalized, Prediction, Recognizer, from_pixels, prepare
from digits_core.recognizer import Picture
from numpy.typing import NDArray

AT_ONCE = 500
"""Pictures a call: the CNN's maps of 10,000 at once would fill the memory."""
THREADS = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures as the models see them, or why one cannot be seen, and the digit that each shows.

    The label is None where a picture does not show one digit.
    """

    seen: Sequence[Normalized | ImageError]
    labels: Sequence[int | None]

    @classmethod
    def pictures(cls, pictures: Iterable[tuple[Picture, int | None]]) -> "Shown":
        """Prepare pictures as the server does. They may be generated: few wait in memory."""
        waiting = iter(pictures)
        seen: list[Normalized | ImageError] = []
        labels: list[int | None] = []
        with ThreadPoolExecutor(THREADS) as pool:
            while part := list(islice(waiting, AT_ONCE)):
                seen += pool.map(_prepare, [picture for picture, _ in part])
                labels += [label for _, label in part]
        return cls(seen, labels)

    @classmethod
    def values(cls, images: NDArray[np.uint8], labels: Sequence[int | None]) -> "Shown":
        """Take uint8[N, 28, 28] as they are, like `pixels` sent to the server."""
        return cls([from_pixels(image) for image in images], labels)

    @property
    def digit(self) -> NDArray[np.bool_]:
        """bool[N]: which pictures show a digit."""
        return np.array([label is not None for label in self.labels], bool)

    def where(self, chosen: NDArray[np.bool_]) -> "Shown":
        """The chosen pictures alone."""
        indices = np.flatnonzero(chosen).tolist()
        return Shown([self.seen[i] for i in indices], [self.labels[i] for i in indices])


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
        """Gather predictions, one a label."""
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
    def ask(cls, recognizer: Recognizer, shown: Shown) -> "Answers":
        """Ask about all of `shown`."""
        return cls.of(predictions(recognizer, shown), shown.labels)

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
    def scores(self) -> NDArray[np.float64]:
        """Probabilities float64[N, 10] with "no digit" as the rest: the largest is `confidence`."""
        digit_score = self.confidence / self.probabilities.max(axis=1)
        return self.probabilities * digit_score[:, None]

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


def predictions(recognizer: Recognizer, shown: Shown) -> list[Prediction | ImageError]:
    """What is answered to each picture of `shown`, in order."""
    images = [item for item in shown.seen if isinstance(item, Normalized)]
    answers = (
        answer
        for start in range(0, len(images), AT_ONCE)
        for answer in recognizer.recognize(images[start : start + AT_ONCE])
    )
    return [next(answers) if isinstance(item, Normalized) else item for item in shown.seen]


def _prepare(picture: Picture) -> Normalized | ImageError:
    try:
        return prepare(picture)
    except ImageError as error:
        return error
