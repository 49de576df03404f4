"""Characters put together to a number."""

import math

from digits_core.image import Page
from digits_core.manifest import ReaderManifest
from digits_core.number import Alternative, Box, Number, NumberDigit
from digits_core.prediction import Rejection
from digits_core.reading.detector import Character
from digits_core.reading.readings import NOT_A_DIGIT, Reading
from digits_core.reading.rows import gaps, rows

# Other digits are named down to this probability, at most so many.
_LEAST_ALTERNATIVE = 0.01
_MOST_ALTERNATIVES = 3


def assemble(
    page: Page, shape: tuple[int, ...], readings: list[Reading], manifest: ReaderManifest
) -> Number:
    """The number that the readings on a page make, of a picture of `shape`, in reading order."""
    by_character = {id(reading.character): reading for reading in readings}
    digits: list[NumberDigit] = []
    lines: list[str] = []
    for place, row in enumerate(rows([reading.character for reading in readings])):
        read = [by_character[id(character)] for character in row]
        digits += [_digit(page, shape, reading, place, manifest) for reading in read]
        if line := _line([reading for reading in read if reading.is_digit]):
            lines.append(line)
    if not lines:
        return Number("", 0.0, tuple(digits), Rejection.NOT_A_DIGIT)
    confidence = math.prod(digit.confidence for digit in digits) ** manifest.together
    reason = None if confidence >= manifest.accept else Rejection.UNSURE
    return Number("\n".join(lines), confidence, tuple(digits), reason)


def _line(read: list[Reading]) -> str:
    """The digits of a row, with a space where the gap is wide."""
    text = ""
    for reading, wide in zip(
        read, [False, *gaps([reading.character for reading in read])], strict=False
    ):
        text += " " * wide + str(reading.best)
    return text


def _digit(
    page: Page, shape: tuple[int, ...], reading: Reading, row: int, manifest: ReaderManifest
) -> NumberDigit:
    confidence = reading.confidence(manifest)
    order = reading.scores[:NOT_A_DIGIT].argsort()[::-1].tolist()
    alternatives = [
        Alternative(digit, float(reading.scores[digit]))
        for digit in order
        if digit != reading.best and reading.scores[digit] >= _LEAST_ALTERNATIVE
    ]
    return NumberDigit(
        digit=reading.best if reading.is_digit else None,
        confidence=confidence,
        box=_box(page, shape, reading.character),
        alternatives=tuple(alternatives[:_MOST_ALTERNATIVES]),
        accepted=reading.is_digit and confidence >= manifest.accept,
        row=row,
    )


def _box(page: Page, shape: tuple[int, ...], character: Character) -> Box:
    """A character's box in the picture, within its borders."""
    height, width = shape[:2]
    left = min(max(0, round(page.left + character.left * page.scale)), width - 1)
    top = min(max(0, round(page.top + character.top * page.scale)), height - 1)
    right = min(max(left + 1, round(page.left + character.right * page.scale)), width)
    bottom = min(max(top + 1, round(page.top + character.bottom * page.scale)), height)
    return Box(left, top, right - left, bottom - top)
