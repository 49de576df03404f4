"""What the reader's answers to labelled pictures of numbers amount to."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from digits_client.answers import Number
from digits_client.errors import ImageError
from digits_client.figures import Share, grouped
from digits_client.labels import Sample

_WHOLE = re.compile(r"([0-9]+)\.0*")  # tables that had a gap in the column write 19 as 19.0


@dataclass(frozen=True)
class NumberAnswer:
    """A labelled picture and the number that was read in it.

    A label's rows are apart by "/"; nothing in it counts but its digits. One
    without any says that the picture holds no number.
    """

    sample: Sample
    number: Number

    @cached_property
    def wanted(self) -> list[str]:
        """The digits of each row that has some, by the label."""
        whole = _WHOLE.fullmatch(self.sample.label)
        return _rows(whole[1] if whole else self.sample.label, "/")

    @cached_property
    def given(self) -> list[str]:
        """The digits of each row that was read."""
        return _rows(self.number.text, "\n")

    @property
    def accepted(self) -> bool:
        """Whether the reader trusts its answer."""
        return self.number.reason is None

    @property
    def right(self) -> bool:
        """Whether all digits are the label's; where there are none, whether it is refused."""
        return self.given == self.wanted if self.wanted else not self.accepted

    @property
    def rows(self) -> int:
        """How many rows are right: the most that follow each other as in the label, by blocks."""
        blocks = SequenceMatcher(None, self.given, self.wanted, autojunk=False)
        return sum(block.size for block in blocks.get_matching_blocks())

    @property
    def edits(self) -> int:
        """How many digits would have to be put in, taken out or changed."""
        return distance("".join(self.given), "".join(self.wanted))


class NumberTally:
    """The figures of some answers.

    `numbers` is the share that is right to the last digit when every answer
    counts, accepted or not, and `rows` that of right rows in them; `edits` of
    `digits` are wrong. `accepted` is the share of right ones among all answers
    that were accepted, `others` that of refused pictures among those without a
    number. `refused` counts the numbers that were refused, by reason.
    """

    def __init__(self, answers: Iterable[NumberAnswer]) -> None:
        answers = list(answers)
        numbers = [answer for answer in answers if answer.wanted]
        self.numbers = _share(numbers)
        self.rows = Share(
            sum(answer.rows for answer in numbers), sum(len(answer.wanted) for answer in numbers)
        )
        self.edits = sum(answer.edits for answer in numbers)
        self.digits = sum(len("".join(answer.wanted)) for answer in numbers)
        self.accepted = _share([answer for answer in answers if answer.accepted])
        self.others = _share([answer for answer in answers if not answer.wanted])
        self.wrong_accepted = sum(answer.accepted and not answer.right for answer in numbers)
        self.refused = Counter(
            answer.number.reason or "" for answer in numbers if not answer.accepted
        )

    @property
    def error_rate(self) -> float | None:
        """Wrong digits a digit of the labels; None of nothing, over 1 where too many are read."""
        return self.edits / self.digits if self.digits else None


@dataclass(frozen=True)
class NumberEvaluation:
    """The reader's answers to a labelled folder, and the pictures that have none."""

    model: str
    version: str
    digest: str
    answers: Sequence[NumberAnswer]
    failures: Sequence[tuple[Sample, ImageError]]

    @cached_property
    def tally(self) -> NumberTally:
        """The figures of all answers."""
        return NumberTally(self.answers)

    def by(self, column: str) -> Mapping[str, NumberTally]:
        """The figures of each value of a column, in the values' order."""
        return {value: NumberTally(some) for value, some in grouped(self.answers, column).items()}


def distance(one: str, other: str) -> int:
    """Return Levenshtein's (1966) distance: the fewest characters put in, taken out or changed."""
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(row[-1] + 1, last[j] + 1, last[j - 1] + (a != b)))
        last = row
    return last[-1]


def _rows(text: str, separator: str) -> list[str]:
    rows = ["".join(re.findall("[0-9]", row)) for row in text.split(separator)]
    return [row for row in rows if row]


def _share(answers: Sequence[NumberAnswer]) -> Share:
    return Share(sum(answer.right for answer in answers), len(answers))
