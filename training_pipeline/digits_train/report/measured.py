"""What every model answers to every set, asked once."""

from collections.abc import Sequence
from dataclasses import dataclass

from digits_core.metrics import wilson_interval

from digits_train.answers import Answers
from digits_train.report.sets import Set
from digits_train.report.subject import Subject


@dataclass(frozen=True, slots=True)
class Measured:
    """The models, the sets, and `answers` by the names of model and set."""

    subjects: Sequence[Subject]
    sets: Sequence[Set]
    answers: dict[tuple[str, str], Answers]

    @classmethod
    def ask(cls, subjects: Sequence[Subject], sets: Sequence[Set]) -> "Measured":
        """Ask all models about all sets."""
        answers = {
            (subject.name, part.name): Answers.ask(subject.recognizer, part.shown)
            for subject in subjects
            for part in sets
        }
        return cls(subjects, sets, answers)

    @property
    def test(self) -> Set:
        """MNIST's test images."""
        return self.sets[0]

    @property
    def digits(self) -> list[Set]:
        """The sets of digits."""
        return [part for part in self.sets if part.digits]

    @property
    def others(self) -> list[Set]:
        """The sets of what is no digit."""
        return [part for part in self.sets if not part.digits]

    def named(self, name: str) -> Set | None:
        """The set of that name, if it was there to be measured."""
        return next((part for part in self.sets if part.name == name), None)

    @property
    def bundles(self) -> str:
        """Which bundles the figures are of, for captions."""
        return ", ".join(f"{s.label} ({s.digest[:12]})" for s in self.subjects)


def percent(share: float, decimals: int = 2) -> str:
    """0.9971 as "99.71 %"."""
    return f"{100 * share:.{decimals}f} %"


def interval(low: float, high: float) -> str:
    """Two shares as "99.58 - 99.80 %"."""
    return f"{100 * low:.2f} - {100 * high:.2f} %"


def wilson(hits: int, total: int) -> str:
    """The 95 % interval of a share."""
    return interval(*wilson_interval(hits, total))
