"""The one reader: a bundle in, a picture in, a number out."""

import base64
import math
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core import bundle as bundles
from digits_core.bundle import READER, Bundle, ReaderManifest
from digits_core.errors import BadHint, BundleError, CoreError, TooManyCharacters
from digits_core.image import Limits, Page, lay_out
from digits_core.image.frame import frame
from digits_core.image.groups import Component, Group
from digits_core.image.normalize import cut_out
from digits_core.image.page import HEIGHT
from digits_core.number import Alternative, Box, Number, NumberDigit
from digits_core.prediction import Rejection
from digits_core.reading.detector import Character, Detector
from digits_core.reading.rows import Row, gaps, rows
from digits_core.recognizer import Picture, Recognizer, decoded

MOST_CHARACTERS = 1_000
"""A picture may hold so many characters; of a whole page of figures there are fewer."""

_NOT_A_DIGIT = 10
# What is less likely there than this is not even added to reach a lower bound on the digits.
_FAINT = 0.02
# A reader sees best what is near the height it was trained on; beyond these it looks again.
_TOO_LOW, _TOO_TALL = 0.7, 1.45
# Ink beyond the box by this share of its size belongs to something else.
_SLACK = 0.2
# Other digits are named down to this probability, at most so many.
_LEAST_ALTERNATIVE = 0.01
_MOST_ALTERNATIVES = 3
# Beyond these log-odds a score says nothing more.
_MOST_ODDS = 12.0


@dataclass(frozen=True, slots=True)
class _Reading:
    """A character and the probabilities float64[11] of what it is."""

    character: Character
    scores: NDArray[np.float64]

    @property
    def is_digit(self) -> bool:
        return int(self.scores.argmax()) != _NOT_A_DIGIT

    def as_digit(self) -> "_Reading":
        """The same, as if it could only be a digit."""
        scores = self.scores.copy()
        scores[_NOT_A_DIGIT] = 0
        return _Reading(self.character, scores / max(scores.sum(), 1e-12))


class Reader:
    """Reads numbers of several digits with the published reader.

        number = Reader.load().read("number.png")
        print(number.text, number.confidence)

    It is safe to use from several threads. What stands alone is shown to
    `recognizer` as well. Making one asks it the bundle's canary pictures; raises
    `BundleError` when it reads anything else in them.
    """

    def __init__(
        self, bundle: Bundle[ReaderManifest], recognizer: Recognizer, *, threads: int = 1
    ) -> None:
        self.bundle = bundle
        self.name = bundle.manifest.name
        self.version = str(bundle.manifest.version)
        self._recognizer = recognizer
        self._detector = Detector(bundle, threads=threads)
        self._ask_canaries()

    @classmethod
    def load(cls, models_dir: Path = bundles.MODELS_DIR, *, threads: int = 1) -> Self:
        """Load the newest published reader with the default recogniser.

        Raises `ModelNotFound` or `BundleError`.
        """
        bundle = Bundle.read(bundles.find(READER, models_dir), ReaderManifest)
        return cls(bundle, Recognizer.load(models_dir=models_dir, threads=threads), threads=threads)

    def read(
        self,
        picture: Picture,
        limits: Limits | None = None,
        *,
        min_digits: int = 0,
        max_digits: int = 0,
    ) -> Number:
        """Read the number in a picture: a file's bytes, its path, or uint8 [H, W], [H, W, 3 or 4].

        The number has at least `min_digits` digits and at most `max_digits`, 0 for
        no bound, as far as there is ink for them: of all readings the likeliest
        that fits. Raises `BadHint`, `TooManyCharacters`, other `ImageError`s when
        the picture cannot be decoded, `OSError` for an unreadable path.
        """
        check_hints(min_digits, max_digits)
        grey = decoded(picture, limits)
        page = lay_out(grey)
        if page is None:
            return Number("", 0.0, (), Rejection.BLANK)
        found = self._detector.find(page, _FAINT)
        tall = self._height(found)
        if tall and not _TOO_LOW * HEIGHT <= tall <= _TOO_TALL * HEIGHT:
            page = lay_out(grey, tall * page.scale) or page
            found = self._detector.find(page, _FAINT)
        readings = self._fitted(self._scored(page, found), min_digits, max_digits)
        if len(readings) > MOST_CHARACTERS:
            raise TooManyCharacters(
                f"the picture holds {len(readings):,} characters, at most {MOST_CHARACTERS:,} are "
                "read at once: cut it into parts"
            )
        return self._number(page, grey.shape, readings)

    def _height(self, found: list[Character]) -> float:
        """The median height of what is surely there; 0 where nothing is."""
        there = [c.height for c in found if c.presence >= self.bundle.manifest.presence]
        return median(there) if there else 0.0

    def _scored(self, page: Page, found: list[Character]) -> list[_Reading]:
        """What each character is; of those that stand alone the recogniser is asked, too."""
        manifest = self.bundle.manifest
        if not found:
            return []
        logits = np.stack([c.logits for c in found]).astype(np.float64) / manifest.temperature
        scores = np.log(_softmax(logits))
        alone = _alone(page, found)
        if alone and manifest.second_opinion:
            seen = self._recognizer.scores(np.stack(list(alone.values())))
            places = list(alone)
            weight = manifest.second_opinion
            scores[places] = (1 - weight) * scores[places] + weight * np.log(np.maximum(seen, 1e-9))
        return [_Reading(c, row) for c, row in zip(found, _softmax(scores), strict=True)]

    def _fitted(self, readings: list[_Reading], least: int, most: int) -> list[_Reading]:
        """What is there, or rather would be if there were as many digits as the bounds say."""
        there = [r for r in readings if r.character.presence >= self.bundle.manifest.presence]
        digits = [r for r in there if r.is_digit]
        if most and len(digits) > most:
            surest = sorted(digits, key=self._confidence, reverse=True)[:most]
            return [r for r in there if not r.is_digit or any(r is s for s in surest)]
        missing = least - len(digits)
        if missing > 0:
            rest = [r.as_digit() for r in readings if not any(r is d for d in digits)]
            rest.sort(key=self._confidence, reverse=True)
            taken = {id(r.character) for r in rest[:missing]}
            others = [r for r in there if not r.is_digit and id(r.character) not in taken]
            return digits + rest[:missing] + others
        return there

    def _confidence(self, reading: _Reading) -> float:
        manifest = self.bundle.manifest
        total = (
            manifest.intercept
            + manifest.coefficients["presence"] * _odds(reading.character.presence)
            + manifest.coefficients["score"] * _odds(float(reading.scores.max()))
        )
        return 1 / (1 + math.exp(-total))

    def _number(self, page: Page, shape: tuple[int, ...], readings: list[_Reading]) -> Number:
        """Put characters together in reading order."""
        by_character = {id(r.character): r for r in readings}
        digits: list[NumberDigit] = []
        lines: list[str] = []
        for place, row in enumerate(rows([r.character for r in readings])):
            digits += [self._digit(page, shape, by_character[id(c)], place) for c in row]
            if line := _line([c for c in row if by_character[id(c)].is_digit], by_character):
                lines.append(line)
        confidence = math.prod(d.confidence for d in digits) ** self.bundle.manifest.together
        if not lines:
            return Number("", 0.0, tuple(digits), Rejection.NOT_A_DIGIT)
        sure = confidence >= self.bundle.manifest.accept
        return Number(
            "\n".join(lines), confidence, tuple(digits), None if sure else Rejection.UNSURE
        )

    def _digit(
        self, page: Page, shape: tuple[int, ...], reading: _Reading, row: int
    ) -> NumberDigit:
        confidence = self._confidence(reading)
        best = int(reading.scores.argmax())
        order = reading.scores[:_NOT_A_DIGIT].argsort()[::-1].tolist()
        alternatives = [
            Alternative(digit, float(reading.scores[digit]))
            for digit in order
            if digit != best and reading.scores[digit] >= _LEAST_ALTERNATIVE
        ]
        return NumberDigit(
            digit=best if reading.is_digit else None,
            confidence=confidence,
            box=_box(page, shape, reading.character),
            alternatives=tuple(alternatives[:_MOST_ALTERNATIVES]),
            accepted=reading.is_digit and confidence >= self.bundle.manifest.accept,
            row=row,
        )

    def _ask_canaries(self) -> None:
        canaries = self.bundle.manifest.canaries
        name = f"the bundle {self.name} {self.version}"
        if not canaries:
            raise BundleError(f"{name} has no canary pictures")
        for canary in canaries:
            try:
                text = self.read(base64.b64decode(canary.image)).text
            except (CoreError, ValueError) as error:
                raise BundleError(f"{name} fails on its canary pictures: {error}") from error
            if text != canary.text:
                raise BundleError(
                    f"{name} reads {text!r} in a canary picture that it was published with as "
                    f"{canary.text!r}: it does not fit this code"
                )


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


def _alone(page: Page, found: list[Character]) -> dict[int, NDArray[np.uint8]]:
    """The 28x28 of each character whose ink is its own, by its place in `found`."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(page.mask, connectivity=8)
    seen = {}
    for place, character in enumerate(found):
        group = _ink_of(page, character, labels, stats)
        if group is not None:
            seen[place], _ = frame(cut_out(page.ink, group, labels))
    return seen


def _ink_of(
    page: Page, character: Character, labels: NDArray[np.int32], stats: NDArray[np.int32]
) -> Group | None:
    """The ink within a character's box; None where some of it reaches beyond."""
    slack = _SLACK * max(character.width, character.height)
    scale, zoom = page.scale, page.zoom
    left = max(0, round((page.left + (character.left - slack) * scale) / zoom))
    top = max(0, round((page.top + (character.top - slack) * scale) / zoom))
    right = round((page.left + (character.right + slack) * scale) / zoom)
    bottom = round((page.top + (character.bottom + slack) * scale) / zoom)
    inner = round(slack * scale / zoom)
    core = labels[top + inner : bottom - inner, left + inner : right - inner]
    pieces = []
    for label in np.unique(core).tolist():
        if not label:
            continue
        x, y, width, height, area = stats[label].tolist()
        if x < left or y < top or x + width > right or y + height > bottom:
            return None
        pieces.append(Component(label, x, y, x + width, y + height, area))
    pieces.sort(key=lambda piece: piece.area, reverse=True)
    return Group(pieces) if pieces else None


def _line(row: Row, readings: dict[int, _Reading]) -> str:
    """The digits of a row, with a space where the gap is wide."""
    text = ""
    for character, wide in zip(row, [False, *gaps(row)], strict=False):
        text += " " * wide + str(int(readings[id(character)].scores.argmax()))
    return text


def _box(page: Page, shape: tuple[int, ...], character: Character) -> Box:
    """A character's box in the picture, within its borders."""
    height, width = shape[:2]
    left = min(max(0, round(page.left + character.left * page.scale)), width - 1)
    top = min(max(0, round(page.top + character.top * page.scale)), height - 1)
    right = min(max(left + 1, round(page.left + character.right * page.scale)), width)
    bottom = min(max(top + 1, round(page.top + character.bottom * page.scale)), height)
    return Box(left, top, right - left, bottom - top)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _odds(probability: float) -> float:
    """The log-odds of a probability."""
    kept = min(max(probability, 1e-9), 1 - 1e-9)
    return min(max(math.log(kept / (1 - kept)), -_MOST_ODDS), _MOST_ODDS)
