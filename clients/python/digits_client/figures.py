"""What a model's answers to labelled pictures amount to."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

from digits_client.answers import Prediction
from digits_client.errors import ImageError
from digits_client.labels import Sample

NO_INK = 10
"""The column of a confusion matrix for pictures on which no ink was found."""


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` out of `total`."""

    hits: int
    total: int

    @property
    def value(self) -> float | None:
        """The share, 0 to 1; None of nothing."""
        return self.hits / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the share that was sampled (Wilson 1927); None of nothing."""
        if not self.total:
            return None
        z, n = 1.959964, self.total
        share = self.hits / n
        centre = share + z * z / (2 * n)
        spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        scale = 1 + z * z / n
        return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


@dataclass(frozen=True, slots=True)
class Answer:
    """A labelled picture and what a model says about it."""

    sample: Sample
    prediction: Prediction

    @property
    def right(self) -> bool:
        """Whether the digit is the label's; of what is not one digit, whether it is refused."""
        if self.sample.digit is None:
            return not self.prediction.accepted
        return self.prediction.digit == self.sample.digit


class OfSample(Protocol):
    """What is said of a labelled picture."""

    @property
    def sample(self) -> Sample:
        """The picture and its label."""


Labelled = TypeVar("Labelled", bound=OfSample)


class Tally:
    """The figures of some answers.

    `digits` is the share of digits that are right when every answer counts,
    accepted or not; `accepted` the share of right ones among all answers that
    were accepted; `others` the share of refused pictures among those that are
    not one digit. `refused` counts the digits that were refused, by reason.
    """

    def __init__(self, answers: Iterable[Answer]) -> None:
        answers = list(answers)
        digits = [answer for answer in answers if answer.sample.digit is not None]
        others = [answer for answer in answers if answer.sample.digit is None]
        accepted = [answer for answer in answers if answer.prediction.accepted]
        self.digits = _share(digits)
        self.accepted = _share(accepted)
        self.others = _share(others)
        self.wrong_accepted = sum(
            answer.prediction.accepted and not answer.right for answer in digits
        )
        self.refused = Counter(
            answer.prediction.reason or "" for answer in digits if not answer.prediction.accepted
        )


@dataclass(frozen=True)
class Evaluation:
    """A model's answers to a labelled folder, and the pictures that have none."""

    model: str
    version: str
    digest: str
    answers: Sequence[Answer]
    failures: Sequence[tuple[Sample, ImageError]]

    @cached_property
    def tally(self) -> Tally:
        """The figures of all answers."""
        return Tally(self.answers)

    def by(self, column: str) -> Mapping[str, Tally]:
        """The figures of each value of a column, in the values' order."""
        return {value: Tally(some) for value, some in grouped(self.answers, column).items()}

    def confusion(self) -> list[list[int]]:
        """How often each digit, a row, was answered as each digit or as NO_INK, a column."""
        matrix = [[0] * 11 for _ in range(10)]
        for answer in self.answers:
            if answer.sample.digit is not None:
                given = answer.prediction.digit
                matrix[answer.sample.digit][NO_INK if given is None else given] += 1
        return matrix


@dataclass(frozen=True, slots=True)
class Difference:
    """The digits on which one of two models is right and the other wrong."""

    models: tuple[str, str]
    only_first: int
    only_second: int

    @property
    def p_value(self) -> float:
        """How likely equal models split as unevenly: McNemar's exact test, two-sided."""
        total = self.only_first + self.only_second
        fewer = min(self.only_first, self.only_second)
        ways, choices = 0, 1
        for count in range(fewer + 1):  # choices: of `count` among `total`
            ways += choices
            choices = choices * (total - count) // (count + 1)
        return min(1.0, 2 * ways / 2**total)


def grouped(answers: Iterable[Labelled], column: str) -> dict[str, list[Labelled]]:
    """Return the answers by their value in a column of the labels, in the values' order."""
    groups: dict[str, list[Labelled]] = {}
    for answer in answers:
        groups.setdefault(answer.sample.columns[column], []).append(answer)
    return dict(sorted(groups.items()))


def difference(first: Evaluation, second: Evaluation) -> Difference:
    """Return where two models differ on the digits that both have answered."""
    right = {
        answer.sample.path: answer.right
        for answer in first.answers
        if answer.sample.digit is not None
    }
    split = Counter(
        right[answer.sample.path] - answer.right
        for answer in second.answers
        if answer.sample.path in right
    )
    return Difference((first.model, second.model), split[1], split[-1])


def _share(answers: Sequence[Answer]) -> Share:
    return Share(sum(answer.right for answer in answers), len(answers))
