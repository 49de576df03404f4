"""Whole pages of writing, on paper and before a camera, with the place of each character."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_train import drawings
from digits_train.handwriting import Mask, Writer, choose, vary, write
from digits_train.non_digits import Nearness
from digits_train.pens import frame
from digits_train.reading.composition import (
    NOT_A_DIGIT,
    By,
    Composition,
    Line,
    Spacing,
    Standing,
    cropped,
)
from digits_train.scene import STYLES, Studio
from digits_train.sources import Sources

Picture = NDArray[np.uint8]

_LARGEST = 1_000
# Heights of characters in pixels, evenly spread over their logarithms.
_HEIGHTS = (16.0, 110.0)
Spacings = tuple[tuple[Spacing, float], ...]
_SPACINGS: Spacings = (
    ("separated", 0.62),
    ("touching", 0.22),
    ("overlapping", 0.16),
)
# So many characters of a mixed page are no digits.
_OTHERS = 0.35
# What people write beside numbers that no font's letter looks like: its strokes in a box 100
# wide and 140 high, and its height as a share of a digit's.
_MARKS = (
    ("line 6,70 94,70", 0.5),
    ("line 6,50 94,50; line 6,92 94,92", 0.6),
    ("line 6,70 94,70; line 50,26 50,114", 0.7),
    ("line 10,26 90,114; line 90,26 10,114", 0.6),
    ("line 6,70 94,70; line 50,30 50,34; line 50,106 50,110", 0.7),
    ("curve 50,10 50,40 30,70", 0.3),
)
_WRITTEN = {"omniglot", "letter", "sign", "scribble"}
_AWAY = 1.2


@dataclass(slots=True)
class Sheets:
    """Composes pages.

    picture, composition = Sheets(sources, studio, near).photographed(rng)

    `mixed` is the share of pages that hold something else than digits as well,
    `letters` that of pages without a digit; `spacings` are those of rows, with
    their shares; `styles` are names of `scene.STYLES` with theirs.
    """

    sources: Sources
    studio: Studio
    near: Nearness
    mixed: float = 0.35
    letters: float = 0.06
    spacings: Spacings = _SPACINGS
    styles: Mapping[str, float] = field(default_factory=lambda: STYLES)

    def photographed(self, rng: np.random.Generator) -> tuple[Picture, Composition]:
        """A picture uint8[H, W] as people send it, and what stands on it."""
        height = float(np.exp(rng.uniform(*np.log(_HEIGHTS))))
        written = _bent(self.written(height, rng), rng)
        return self.studio.sheet(written.ink, round(height), rng, self.styles), written

    def written(self, height: float, rng: np.random.Generator) -> Composition:
        """Rows of characters about `height` pixels tall on a sheet of ink, uint8[H, W]."""
        count = 1 if rng.random() < 0.5 else int(rng.integers(2, 7))
        only_letters = rng.random() < self.letters
        others = 1.0 if only_letters else _OTHERS if rng.random() < self.mixed else 0.0
        lines: list[Line] = []
        for _ in range(count):
            line = self._line(height, others, rng)
            if line.standing:
                lines.append(line)
        return _stacked(lines, height, rng)

    def _line(self, height: float, others: float, rng: np.random.Generator) -> Line:
        names, shares = zip(*self.spacings, strict=True)
        spacing = names[int(rng.choice(len(names), p=shares))]
        line = Line(round(2.4 * height), _LARGEST - round(1.2 * height))
        by: By = "ink" if rng.random() < 0.6 else "box"
        wide = spacing == "separated" and rng.random() < 0.3
        spread = float(rng.choice([0.06, 0.06, 0.25]))
        slope = rng.normal(0, 0.03)
        subjects = self._subjects(others, rng)
        for _ in range(int(rng.integers(1, 9))):
            label, mask = next(subjects)(height * np.exp(rng.normal(0, spread)), rng)
            middle = 1.2 * height + slope * line.end + rng.normal(0, 0.05 * height)
            # Small marks hang in the middle, digits stand on the line.
            low = 0.0 if len(mask) < 0.75 * height else 0.5 * (height - len(mask))
            top = round(middle - len(mask) / 2 + low)
            if spacing == "separated":
                gap = height * (rng.uniform(0.5, 1.9) if wide else rng.uniform(0.07, 0.55))
                fits = line.set(label, mask, top=top, gap=round(gap), by="box")
            else:
                part = rng.uniform(0.08, 0.22) if spacing == "overlapping" else 0.0
                fits = line.set(label, mask, top=top, gap=-round(part * height), by=by)
            if not fits:
                break
        return line

    def _subjects(
        self, others: float, rng: np.random.Generator
    ) -> Iterator[Callable[[float, np.random.Generator], tuple[int, Mask]]]:
        """Endlessly, who writes the next character: often all digits of a row the same way."""
        source = self.sources.digit(rng).source if rng.random() < 0.6 else None
        while True:
            if rng.random() < others:
                yield self._mark if rng.random() < 0.45 else self._other
                continue
            subject = self.sources.digit(rng)
            if source in (None, subject.source) and subject.write and subject.digit is not None:
                yield _by(subject.write, subject.digit)

    def _other(self, height: float, rng: np.random.Generator) -> tuple[int, Mask]:
        """A letter or a sign that no digit looks like."""
        while True:
            subject = self.sources.other(rng)
            if subject.source in _WRITTEN and subject.write is not None:
                mask = cropped(subject.write(round(height), rng))
                if mask.size and not self.near.is_digit(frame(mask)[None], _AWAY)[0]:
                    return NOT_A_DIGIT, mask

    def _mark(self, height: float, rng: np.random.Generator) -> tuple[int, Mask]:
        """An operator or a comma."""
        strokes, share = _MARKS[int(rng.integers(len(_MARKS)))]
        size = max(6, round(height * share * rng.uniform(0.8, 1.3)))
        texture = self.studio.texture
        written = vary(drawings.parse(strokes), rng, 0.8)
        return NOT_A_DIGIT, cropped(write(written, size, choose(rng), texture, rng))


def _by(write: Writer, digit: int) -> Callable[[float, np.random.Generator], tuple[int, Mask]]:
    return lambda height, rng: (digit, cropped(write(max(10, round(height)), rng)))


def _stacked(lines: list[Line], height: float, rng: np.random.Generator) -> Composition:
    """Lines one below the other, with margins round them."""
    margin = np.round(height * np.exp(rng.normal(np.log(0.5), 0.6, 4))).astype(int)
    gap = height * rng.uniform(0.15, 1.2)
    wide = max((line.end for line in lines), default=round(3 * height))
    ink = np.zeros((_LARGEST, min(_LARGEST, wide + int(margin[0] + margin[1]))), np.uint8)
    y = int(margin[2])
    rows = []
    for line in lines:
        used = np.flatnonzero(line.ink.any(axis=1))
        start, end = int(used[0]), int(used[-1]) + 1
        free = ink.shape[1] - line.end
        x = int(min(free, margin[0] if rng.random() < 0.8 else rng.integers(0, free + 1)))
        if y + end - start > _LARGEST:
            break
        ink[y : y + end - start, x : x + line.end] = line.ink[start:end, : line.end]
        rows.append(
            tuple(
                Standing(c.label, c.left + x, c.top + y - start, c.right + x, c.bottom + y - start)
                for c in line.standing
            )
        )
        y += end - start + round(gap * rng.uniform(0.7, 1.3))
    bottom = min(_LARGEST, max(y, round(height)) + int(margin[3]))
    return Composition(np.ascontiguousarray(ink[:bottom]), tuple(rows))


def _bent(written: Composition, rng: np.random.Generator) -> Composition:
    """The same seen from the side or turned a little; boxes follow their ink."""
    if rng.random() < 0.4:
        return written
    height, width = written.ink.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    angle = np.deg2rad(rng.normal(0, 2.0))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = corners.mean(axis=0)
    seen = (corners - middle) @ turn.T + middle + rng.normal(0, 0.012, (4, 2)) * (width, height)
    # Nothing may leave the sheet.
    seen = (seen - seen.min(axis=0)) / np.maximum(np.ptp(seen, axis=0), 1) * (width, height)
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    ink = cv2.warpPerspective(written.ink, matrix, (width, height), flags=cv2.INTER_LINEAR)
    rows = tuple(tuple(_moved(c, written.ink, matrix) for c in row) for row in written.rows)
    return Composition(ink, rows)


def _moved(character: Standing, ink: Mask, matrix: NDArray[np.float64]) -> Standing:
    """The box of what stands in a character's box, seen from elsewhere."""
    left, top = round(character.left), round(character.top)
    part = ink[top : round(character.bottom), left : round(character.right)]
    y, x = np.nonzero(part > 0)
    if not len(x):
        return character
    points = np.stack([x + left + 0.5, y + top + 0.5], 1).astype(np.float32)[None]
    moved = cv2.perspectiveTransform(points, matrix)[0]
    low, high = moved.min(axis=0) - 0.5, moved.max(axis=0) + 0.5
    return Standing(character.label, *low.tolist(), *high.tolist())
