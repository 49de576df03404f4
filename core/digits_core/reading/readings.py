"""What the characters on a page are, and which of them count."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digits_core.errors import BadHint
from digits_core.image import Page
from digits_core.manifest import ReaderManifest, Rule
from digits_core.reading.close_ups import NOTHING
from digits_core.reading.detector import MOST_CHARACTERS, Character

NOT_A_DIGIT = 10
"""The place of "no digit" among the scores."""

# What is less likely there than this is not taken for a digit, whatever the bounds: more of what
# was asked for would be invented than found.
_POSSIBLE = 0.003
# Beyond these log-odds a score says nothing more.
_MOST_ODDS = 12.0
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is on a page before anything is decided.

    `answers` are the refiner's, float32[N, 12] logits; `opinions` the recogniser's
    scores float64[11] of the characters that stand alone, by their place in
    `characters`.
    """

    page: Page
    characters: list[Character]
    answers: NDArray[np.float32]
    opinions: Mapping[int, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A character, the probabilities float64[11] of what it is, and more that speaks for it.

    `middle` is the refiner's probability that anything has its middle there, as the
    character's presence is the detector's; `alone` the recogniser's that what
    stands alone is a digit, a half where nothing does.
    """

    character: Character
    scores: NDArray[np.float64]
    middle: float
    alone: float = 0.5

    @property
    def is_digit(self) -> bool:
        """Whether it is rather a digit than none."""
        return self.best != NOT_A_DIGIT

    @property
    def best(self) -> int:
        """What it is most likely, 0 to 10."""
        return int(self.scores.argmax())

    @property
    def lean(self) -> float:
        """The log-ratio of its being a digit to its being anything else, or not there."""
        there = _logistic((self.odds("presence") + self.odds("middle")) / 2)
        digit = there * float(self.scores[:NOT_A_DIGIT].max())
        other = max(1 - there, there * float(self.scores[NOT_A_DIGIT]))
        return math.log(max(digit, _LEAST) / max(other, _LEAST))

    def as_digit(self) -> "Reading":
        """The same, as if it could only be a digit."""
        scores = self.scores.copy()
        scores[NOT_A_DIGIT] = 0
        if not scores.any():
            scores[:NOT_A_DIGIT] = 1
        return replace(self, scores=scores / scores.sum())

    def odds(self, of: str) -> float:
        """The log-odds of its "presence", "middle", being a digit "alone", or best "score"."""
        probability = {
            "presence": self.character.presence,
            "middle": self.middle,
            "alone": self.alone,
            "score": float(self.scores.max()),
        }[of]
        kept = min(max(probability, _LEAST), 1 - _LEAST)
        return min(max(math.log(kept / (1 - kept)), -_MOST_ODDS), _MOST_ODDS)

    def confidence(self, manifest: ReaderManifest) -> float:
        """The calibrated probability that it is there and is what it is taken for."""
        return self._by(manifest.right)

    def counts(self, manifest: ReaderManifest) -> bool:
        """Whether it is probably there, whatever it is."""
        return self._by(manifest.there) >= manifest.presence

    def is_possible(self, manifest: ReaderManifest) -> bool:
        """Whether it may be there at all."""
        return self._by(manifest.there) >= _POSSIBLE

    def _by(self, rule: Rule) -> float:
        return _logistic(
            rule.intercept
            + sum(weight * self.odds(name) for name, weight in rule.coefficients.items())
        )


def weigh(seen: Seen, manifest: ReaderManifest) -> list[Reading]:
    """What each character is: the opinions, pooled by their weights in the logarithm."""
    if not seen.characters:
        return []
    weights = manifest.weights
    found = np.stack([character.logits for character in seen.characters]).astype(np.float64)
    pooled = weights["detector"] * _log_softmax(found)
    pooled += weights["refiner"] * _log_softmax(seen.answers[:, :NOTHING].astype(np.float64))
    for place, opinion in seen.opinions.items():
        share = weights["recognizer"]
        pooled[place] = (1 - share) * pooled[place] + share * np.log(np.maximum(opinion, _LEAST))
    pooled[:, NOT_A_DIGIT] += manifest.other_bias
    scores = np.exp(_log_softmax(pooled))
    middles = 1 - nothing(seen.answers)
    digits = np.full(len(scores), 0.5)
    for place, opinion in seen.opinions.items():
        digits[place] = 1 - opinion[NOT_A_DIGIT]
    return [
        Reading(*each)
        for each in zip(seen.characters, scores, middles.tolist(), digits.tolist(), strict=True)
    ]


def nothing(answers: NDArray[np.float32]) -> NDArray[np.float64]:
    """The probability float64[N] that a close-up shows nothing that has its middle there."""
    shares: NDArray[np.float64] = np.exp(_log_softmax(answers.astype(np.float64)))[:, NOTHING]
    return shares


def check_hints(min_digits: int, max_digits: int) -> None:
    """Raise `BadHint` for bounds that no number fits."""
    for field, value in (("min_digits", min_digits), ("max_digits", max_digits)):
        if not 0 <= value <= MOST_CHARACTERS:
            raise BadHint(
                field, f"{field} is {value:,}: give 1 to {MOST_CHARACTERS:,}, or 0 for no bound"
            )
    if max_digits and min_digits > max_digits:
        raise BadHint(
            "max_digits",
            f"max_digits is {max_digits:,}, less than min_digits, {min_digits:,}: "
            "give at least as much, or 0 for no bound",
        )


def fitted(readings: list[Reading], there: Sequence[bool], least: int, most: int) -> list[Reading]:
    """What is there, or would be if there were at least and at most so many digits.

    `there` says of each whether it counts without bounds; 0 is no bound. To
    fit, what is least likely a digit is left out, or what is most likely one is
    taken for one.
    """
    digits = [i for i, each in enumerate(readings) if there[i] and each.is_digit]
    if most and len(digits) > most:
        surest = sorted(digits, key=lambda i: readings[i].lean, reverse=True)
        dropped = set(surest[most:])
        return [each for i, each in enumerate(readings) if there[i] and i not in dropped]
    rest = sorted(set(range(len(readings))).difference(digits))
    likeliest = sorted(rest, key=lambda i: readings[i].lean, reverse=True)
    taken = set(likeliest[: max(0, least - len(digits))])
    return [
        each.as_digit() if i in taken else each
        for i, each in enumerate(readings)
        if there[i] or i in taken
    ]


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithms of probabilities float64[N, 11]: none is ever that of 0."""
    steady = logits - logits.max(axis=1, keepdims=True)
    shares: NDArray[np.float64] = steady - np.log(np.exp(steady).sum(axis=1, keepdims=True))
    return shares


def _logistic(odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(odds, -700.0), 700.0)))
