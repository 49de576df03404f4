"""Characters on a page, from what the detector's cells say."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from digits_core.image.page import HEIGHT, STRIDE

CLASSES = 11
"""Ten digits and "no digit"."""

CHANNELS = 1 + CLASSES + 4
"""A cell's values: presence, the classes, the box."""

MOST_CHARACTERS = 1_000
"""A picture may hold so many characters; of a whole page of figures there are fewer."""

THERE = 0.3
"""What is at least so likely there says whether a page was looked at in the right way."""

# Two boxes that share this much of their union, or of the smaller one, are of one character.
_SAME = 0.35
_WITHIN = 0.75
# Cells beyond these are noise: no picture within the limits holds as many characters.
_MOST_CELLS = 6_000
# Beyond these a presence is 0 or 1, and in float32 its exponential overflows.
_MOST_LOGIT = 80.0
# No character is further from the middle of the cell that finds it, in cells.
_FAR = 64.0


# Compared by identity: an array of logits is not equal or unequal to another.
@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """Something that stands on a page.

    `left`, `top`, `right`, `bottom` are in pixels of the page, `presence` is the
    probability that there is a character, `logits` float32[11] say which, ten
    digits and "no digit".
    """

    left: float
    top: float
    right: float
    bottom: float
    presence: float
    logits: NDArray[np.float32]

    @property
    def width(self) -> float:
        """In pixels of the page."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """In pixels of the page."""
        return self.bottom - self.top

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in pixels of the page."""
        return self.left, self.top, self.right, self.bottom

    @property
    def middle(self) -> tuple[float, float]:
        """Of the box, from the left and from the top."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def characters(cells: NDArray[np.float32], least: float) -> list[Character]:
    """The characters that cells float32[h, w, 16] speak of, the surest first.

    A cell holds the logit of presence, those of the eleven classes, and the
    box: the middle's offset from the cell's in cells, the logarithms of width
    and height over `HEIGHT`. Of more than `MOST_CHARACTERS` there is one too many.
    """
    presence = 1 / (1 + np.exp(-np.clip(cells[..., 0], -_MOST_LOGIT, _MOST_LOGIT)))
    rows, columns = np.nonzero(presence >= least)
    order = (-presence[rows, columns]).argsort(kind="stable")[:_MOST_CELLS]
    rows, columns = rows[order], columns[order]
    chosen = cells[rows, columns].astype(np.float64)
    offsets = np.clip(chosen[:, -4:-2], -_FAR, _FAR)
    middles = np.stack([columns, rows], 1) + 0.5 + offsets
    sizes = HEIGHT * np.exp(np.clip(chosen[:, -2:], -3, 3))
    boxes = np.concatenate([middles * STRIDE - sizes / 2, middles * STRIDE + sizes / 2], 1)
    found = []
    for place in apart(boxes):
        left, top, right, bottom = boxes[place].tolist()
        cell = rows[place], columns[place]
        logits = cells[cell][1 : 1 + CLASSES]
        found.append(Character(left, top, right, bottom, float(presence[cell]), logits))
    return found


def height(found: Sequence[Character]) -> float:
    """The median height of what is surely there, in pixels of the page; 0 where nothing is."""
    there = [c.height for c in found if c.presence >= THERE]
    return median(there) if there else 0.0


def apart(boxes: NDArray[np.float64]) -> list[int]:
    """Of boxes float64[N, 4] in order of rank those that no better one takes the place of."""
    kept: list[int] = []
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    free = np.ones(len(boxes), bool)
    for i in range(len(boxes)):
        if not free[i]:
            continue
        kept.append(i)
        if len(kept) > MOST_CHARACTERS:
            break
        low = np.maximum(boxes[i, :2], boxes[i:, :2])
        high = np.minimum(boxes[i, 2:], boxes[i:, 2:])
        across, down = np.clip(high - low, 0, None).T
        shared = across * down
        union = areas[i:] + areas[i] - shared
        free[i:] &= (shared < _SAME * union) & (shared < _WITHIN * np.minimum(areas[i:], areas[i]))
    return kept
