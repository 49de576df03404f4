"""Who writes what for the pool: digits and everything else, through the same pens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_train import drawings, fonts, shapes
from digits_train.fonts import Font
from digits_train.handwriting import Mask, Writer, choose, reink, reshape, vary, write
from digits_train.pens import Stroke, smooth
from digits_train.strokes import Drawn
from digits_train.surfaces import SURFACES, Surface
from digits_train.texture import Texture

T = TypeVar("T")

DIGITS = {"mnist": 0.32, "pendigits": 0.30, "font": 0.20, "drawing": 0.18}
OTHERS = {
    "omniglot": 0.18,
    "letter": 0.20,
    "sign": 0.12,
    "scribble": 0.08,
    "several": 0.14,
    "piece": 0.05,
    "surface": 0.17,
    "blank": 0.06,
}
NAMES = (*DIGITS, *OTHERS)
"""What a sample's `source` counts in."""
UNWRITTEN = {"surface", "blank"}
"""Sources of pictures on which nobody has written: whatever is seen there is no digit."""


# Fonts are drawn this high before they are bent and enlarged.
_TYPE = 96
# So much of what pens write gets other proportions where that is wanted.
_RESHAPED = 0.5


@dataclass(frozen=True, slots=True)
class Subject:
    """What a picture shows: its source, the digit or None, and who writes it or paints it.

    Neither writes nor paints: a blank sheet.
    """

    source: str
    digit: int | None
    write: Writer | None = None
    paint: Surface | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to write: scanned digits, two sets of strokes, fonts, our own shapes.

    `images` is uint8[N, 28, 28] with `labels` uint8[N]; `characters` hold only
    what looks like no digit. Empty sets' shares go to the others.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    written: Drawn | None = None
    characters: Drawn | None = None
    fonts: Sequence[Font] = ()
    ours: bool = True


class Sources:
    """Chooses subjects at random, each digit as often as any other.

    With `reshaping`, half of what pens write gets other proportions: for training,
    which meets few hands.
    """

    def __init__(self, material: Material, texture: Texture, *, reshaping: bool = False) -> None:
        self._material = material
        self._texture = texture
        self._reshaping = reshaping
        self._images = [material.images[material.labels == digit] for digit in range(10)]
        self._strokes = [_of(material.written, digit) for digit in range(10)]
        self._shapes = [_ours(digit) if material.ours else [] for digit in range(10)]
        self._signs = [drawings.parse(sign) for sign in shapes.SIGNS] if material.ours else []
        self._characters = material.characters.strokes if material.characters else []
        self._letters = [(font, fonts.characters(font)) for font in material.fonts]
        self._letters = [(font, letters) for font, letters in self._letters if letters]
        missing = {
            "pendigits": material.written is None,
            "omniglot": material.characters is None,
            "font": not material.fonts,
            "letter": not self._letters,
            "drawing": not material.ours,
            "sign": not material.ours,
        }
        self._digits = _shares(DIGITS, missing)
        self._others = _shares(OTHERS, missing)

    @property
    def shares(self) -> dict[str, float]:
        """How often each source that there is gets asked, of the digits or of the others."""
        return {
            name: round(float(share), 4)
            for names, bounds in (self._digits, self._others)
            for name, share in zip(names, np.diff(bounds, prepend=0) / bounds[-1], strict=True)
        }

    def digit(self, rng: np.random.Generator) -> Subject:
        """One digit by one of the sources."""
        digit = int(rng.integers(10))
        source = _choose(self._digits, rng)
        return Subject(source, digit, self._writer(source, digit, rng))

    def other(self, rng: np.random.Generator) -> Subject:
        """Anything but one digit."""
        source = _choose(self._others, rng)
        if source == "blank":
            return Subject(source, None)
        if source == "surface":
            return Subject(source, None, paint=_pick(SURFACES, rng))
        makers: dict[str, Callable[[np.random.Generator], Writer]] = {
            "omniglot": self._character,
            "letter": self._letter,
            "sign": lambda rng: self._pen(_pick(self._signs, rng), 1.2),
            "scribble": lambda rng: self._pen(_scribble(rng), 1.0),
            "several": self._several,
            "piece": self._piece,
        }
        return Subject(source, None, makers[source](rng))

    def _writer(self, source: str, digit: int, rng: np.random.Generator) -> Writer:
        if source == "mnist":
            images = self._images[digit]
            image = images[int(rng.integers(len(images)))]
            return lambda size, rng: reink(image, size, self._texture, rng)
        if source == "pendigits":
            return self._pen(_pick(self._strokes[digit], rng), 0.6)
        if source == "drawing":
            return self._pen(_pick(self._shapes[digit], rng), 1.25)
        return self._typed(_pick(self._material.fonts, rng), str(digit))

    def _pen(self, strokes: Sequence[Stroke], strength: float) -> Writer:
        def written(size: int, rng: np.random.Generator) -> Mask:
            shape = strokes
            if self._reshaping and rng.random() < _RESHAPED:
                shape = reshape(strokes, rng)
            return write(vary(shape, rng, strength), size, choose(rng), self._texture, rng)

        return written

    def _typed(self, font: Font, text: str) -> Writer:
        def typed(size: int, rng: np.random.Generator) -> Mask:
            mask = fonts.ink(font, text, _TYPE, rng)
            bolder = rng.random()
            if bolder < 0.35:
                by = max(2, round(_TYPE * rng.uniform(0.02, 0.07)))
                pad = cv2.copyMakeBorder(mask, by, by, by, by, cv2.BORDER_CONSTANT, value=0)
                mask = cv2.dilate(pad, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (by, by)))
            return reink(mask, size, self._texture, rng)

        return typed

    def _any_digit(self, rng: np.random.Generator) -> Writer:
        source = _choose(self._digits, rng)
        return self._writer(source, int(rng.integers(10)), rng)

    def _character(self, rng: np.random.Generator) -> Writer:
        return self._pen(_pick(self._characters, rng), 0.7)

    def _letter(self, rng: np.random.Generator) -> Writer:
        font, letters = _pick(self._letters, rng)
        return self._typed(font, _pick(letters, rng))

    def _several(self, rng: np.random.Generator) -> Writer:
        """Two to four digits in a row, near enough to pass for one thing."""
        count = int(rng.choice([2, 2, 2, 3, 4]))
        writers = [self._any_digit(rng) for _ in range(count)]

        def several(size: int, rng: np.random.Generator) -> Mask:
            high = max(16, round(size / (0.35 + 0.6 * count)))
            parts = [one(high, rng) for one in writers]
            gap = rng.uniform(-0.35, 0.08) * high
            tall = max(part.shape[0] for part in parts)
            row = np.zeros((tall, sum(part.shape[1] for part in parts) + count * high), np.uint8)
            x = 0
            for part in parts:
                y = (tall - part.shape[0]) // 2
                spot = row[y : y + part.shape[0], x : x + part.shape[1]]
                np.maximum(spot, part, out=spot)
                x += max(4, part.shape[1] + round(gap))
            return _cropped(row)

        return several

    def _piece(self, rng: np.random.Generator) -> Writer:
        """A half to a third of a digit, cut straight."""
        whole = self._any_digit(rng)

        def piece(size: int, rng: np.random.Generator) -> Mask:
            mask = _cropped(whole(round(1.6 * size), rng))
            axis = int(rng.integers(2))
            length = mask.shape[axis]
            keep = max(4, round(length * rng.uniform(0.3, 0.55)))
            start = 0 if rng.random() < 0.5 else length - keep
            part = mask[start : start + keep] if axis == 0 else mask[:, start : start + keep]
            return _cropped(part)

        return piece


def _of(drawn: Drawn | None, digit: int) -> list[list[Stroke]]:
    if drawn is None:
        return []
    return [drawn.strokes[index] for index in np.flatnonzero(drawn.label == digit)]


def _ours(digit: int) -> list[list[Stroke]]:
    known = [drawings.strokes(digit, style) for style in range(drawings.STYLES)]
    return known + [drawings.parse(shape) for of, shape in shapes.DIGITS if of == digit]


def _scribble(rng: np.random.Generator) -> list[Stroke]:
    """One to three wandering strokes, or lines that cross."""
    if rng.random() < 0.2:
        return [rng.uniform(-2, 2, (2, 2)).astype(np.float32) for _ in range(rng.integers(2, 6))]
    strokes = []
    for _ in range(rng.integers(1, 4)):
        steps = rng.normal(0, 1, (int(rng.integers(5, 14)), 2)).cumsum(axis=0)
        knots = steps if rng.random() < 0.5 else rng.uniform(-2, 2, steps.shape)
        strokes.append(smooth(knots) if rng.random() < 0.7 else knots.astype(np.float32))
    return strokes


def _cropped(mask: Mask) -> Mask:
    left, top, width, height = cv2.boundingRect(mask)
    return mask[top : top + height, left : left + width] if width else mask


def _pick(things: Sequence[T], rng: np.random.Generator) -> T:
    return things[int(rng.integers(len(things)))]


Shares = tuple[tuple[str, ...], NDArray[np.float64]]


def _shares(shares: dict[str, float], missing: dict[str, bool]) -> Shares:
    names = tuple(name for name in shares if not missing.get(name))
    return names, np.cumsum([shares[name] for name in names])


def _choose(shares: Shares, rng: np.random.Generator) -> str:
    names, bounds = shares
    return names[int(np.searchsorted(bounds, rng.random() * bounds[-1], side="right"))]
