"""How much of a character's ink is its own: what is found twice shares its ink with the first."""

from collections.abc import Sequence

import numpy as np

from digits_core.image import Page
from digits_core.reading.detector import Character

# Of 255: strokes, not their soft edges.
_INK = 100
# What is less likely there takes no ink from others.
_THERE = 0.3


def own_ink(page: Page, found: Sequence[Character]) -> list[float]:
    """Of the ink in each box the share, 0 to 1, that lies in no surer character's box.

    `found` has the surest first. Where a box holds no ink there is none to share: 1.
    """
    ink = page.pixels >= _INK
    free = ink.copy()
    height, width = ink.shape
    shares = []
    for character in found:
        left, top, right, bottom = (round(edge) for edge in character.box)
        rows = slice(min(max(0, top), height), min(max(0, bottom), height))
        columns = slice(min(max(0, left), width), min(max(0, right), width))
        held = np.count_nonzero(ink[rows, columns])
        shares.append(np.count_nonzero(free[rows, columns]) / held if held else 1.0)
        if character.presence >= _THERE:
            free[rows, columns] = False
    return shares
