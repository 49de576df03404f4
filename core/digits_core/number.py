"""What a picture says where it holds several characters."""

from dataclasses import dataclass

from digits_core.prediction import Rejection


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright picture; `x`, `y` is its left upper corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another digit that a character may be, with its calibrated probability."""

    digit: int
    confidence: float


@dataclass(frozen=True, slots=True)
class NumberDigit:
    """One character of a number.

    `digit` is 0 to 9, None for what is no digit: a letter, a sign. `confidence`
    is the calibrated probability that this is right. `alternatives` are other
    digits, the likeliest first. `row` counts from 0 at the top.
    """

    digit: int | None
    confidence: float
    box: Box
    alternatives: tuple[Alternative, ...]
    accepted: bool
    row: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a picture.

    `text` holds the digits in reading order, a newline between rows, a space
    where the gap is wide; what is no digit stands in `digits` alone.
    `confidence` is the calibrated probability that `text` is right. `reason` is
    None when the number may be trusted.
    """

    text: str
    confidence: float
    digits: tuple[NumberDigit, ...]
    reason: Rejection | None
