"""Characters beside each other: where each stands, and the ink of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Spacing = Literal["separated", "touching", "overlapping"]

By = Literal["box", "ink"]

NOT_A_DIGIT = 10

_INK = 90
# Boxes of characters whose ink touches share at most this part of the narrower one's width.
_NESTED = 0.4


@dataclass(frozen=True, slots=True)
class Standing:
    """A character, 0 to 9 or 10 for no digit, and its box in pixels."""

    label: int
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """In pixels."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Composition:
    """Ink uint8[H, W], white on black, and what stands in it in reading order, a tuple a row."""

    ink: Mask
    rows: tuple[tuple[Standing, ...], ...]

    @property
    def text(self) -> str:
        """The digits, a newline between rows that have any."""
        lines = ("".join(str(c.label) for c in row if c.label != NOT_A_DIGIT) for row in self.rows)
        return "\n".join(line for line in lines if line)


class Line:
    """Characters set from left to right on a strip of ink.

    line = Line(height=60, width=400)
    line.set(3, mask, top=10, gap=4)
    """

    def __init__(self, height: int, width: int) -> None:
        self.ink = np.zeros((height, width), np.uint8)
        self.standing: list[Standing] = []

    @property
    def end(self) -> int:
        """Where the last character's box ends."""
        return max((round(c.right) for c in self.standing), default=0)

    @property
    def last_width(self) -> int:
        """That of the last character's box."""
        return round(self.standing[-1].right - self.standing[-1].left) if self.standing else 0

    def set(self, label: int, mask: Mask, *, top: int, gap: int, by: By) -> bool:
        """Set a character `gap` pixels after the last one's box, or its ink.

        Negative gaps overlap; a gap of 0 by ink lets the strokes touch. False when it would
        not fit.
        """
        mask = cropped(mask)
        high, wide = mask.shape
        if not mask.any() or top < 0 or top + high > len(self.ink):
            return False
        if by == "box":
            left = max(0, self.end + gap)
        else:
            # Nested too deeply nobody can tell one from the other.
            deepest = self.end - round(_NESTED * min(wide, self.last_width))
            left = max(0, deepest, self._touching(mask, top) + gap)
        if left + wide > self.ink.shape[1]:
            return False
        spot = self.ink[top : top + high, left : left + wide]
        np.maximum(spot, mask, out=spot)
        self.standing.append(Standing(label, left, top, left + wide, top + high))
        return True

    def _touching(self, mask: Mask, top: int) -> int:
        """Where a mask must begin for its ink to touch what is there already."""
        if not self.standing:
            return 0
        there = self.ink[top : top + len(mask)] > _INK
        here = mask > _INK
        # A stroke one row further up or down touches as well.
        there = cv2.dilate(there.astype(np.uint8), np.ones((3, 1), np.uint8)).astype(bool)
        both = there.any(axis=1) & here.any(axis=1)
        if not both.any():
            return self.end
        ends = there.shape[1] - there[both][:, ::-1].argmax(axis=1)
        return int((ends - here[both].argmax(axis=1)).max())


def string(
    images: Sequence[Mask],
    labels: Sequence[int],
    spacing: Spacing,
    rng: np.random.Generator,
) -> Composition:
    """A string of MNIST's digits uint8[28, 28] at their own size, uint8[H, W] with a margin.

    Between the boxes of `separated` digits lie 2 to 8 pixels, between those of `touching` ones
    none; `overlapping` ones share 2 to 4.
    """
    line = Line(height=40, width=30 * len(images) + 60)
    for image, label in zip(images, labels, strict=True):
        digit = cropped(image)
        top = 20 - len(digit) // 2 + int(rng.integers(-2, 3))
        gap = {
            "separated": int(rng.integers(2, 9)),
            "touching": 0,
            "overlapping": -int(rng.integers(2, 5)),
        }[spacing]
        line.set(int(label), digit, top=top, gap=gap, by="box")
    pad = 8
    ink = cv2.copyMakeBorder(line.ink[:, : line.end], 0, 0, pad, pad, cv2.BORDER_CONSTANT, value=0)
    row = tuple(
        Standing(c.label, c.left + pad, c.top, c.right + pad, c.bottom) for c in line.standing
    )
    return Composition(ink, (row,))


def cropped(mask: Mask) -> Mask:
    """A mask without the empty rows and columns round its ink."""
    left, top, width, height = cv2.boundingRect((mask > _INK // 3).astype(np.uint8))
    return mask[top : top + height, left : left + width] if width else mask[:0, :0]
