"""The ink of characters that stand alone: the recogniser can be shown it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from digits_core.image import Page
from digits_core.image.connected import Labels, Stats, connected
from digits_core.image.frame import frame
from digits_core.image.groups import Component, Group
from digits_core.image.normalize import cut_out
from digits_core.reading.detector import Character

# Ink beyond the box by this share of its size belongs to something else.
_SLACK = 0.2


def alone(page: Page, found: Mapping[int, Character]) -> dict[int, NDArray[np.uint8]]:
    """The 28x28 of each character whose ink is its own, by its key in `found`."""
    labels, stats = connected(page.mask)
    seen = {}
    for place, character in found.items():
        group = _ink_of(page, character, labels, stats)
        if group is not None:
            seen[place], _ = frame(cut_out(page.ink, group, labels))
    return seen


def _ink_of(page: Page, character: Character, labels: Labels, stats: Stats) -> Group | None:
    """The ink within a character's box; None where some of it reaches beyond."""
    left, top, right, bottom = within(page, character, 0)
    core = labels[top:bottom, left:right]
    # Counted, not sorted: a character may fill the picture.
    own = np.flatnonzero(np.bincount(core.ravel()))
    own = own[own > 0]
    if not len(own):
        return None
    left, top, right, bottom = within(page, character, _SLACK)
    pieces = []
    for label in own.tolist():
        x, y, width, height, area = stats[label].tolist()
        if x < left or y < top or x + width > right or y + height > bottom:
            return None
        pieces.append(Component(label, x, y, x + width, y + height, area))
    pieces.sort(key=lambda piece: piece.area, reverse=True)
    return Group(pieces)


def within(page: Page, character: Character, slack: float) -> tuple[int, int, int, int]:
    """A character's box and so much of its size around, in pixels of `page.mask`, cut to it.

    Left, top, right and bottom; the last two lie outside.
    """
    more = slack * max(character.width, character.height)
    height, width = page.ink.shape
    scale = page.scale / page.zoom

    def across(x: float) -> int:
        return min(max(0, round(page.left / page.zoom + x * scale)), width)

    def down(y: float) -> int:
        return min(max(0, round(page.top / page.zoom + y * scale)), height)

    return (
        across(character.left - more),
        down(character.top - more),
        across(character.right + more),
        down(character.bottom + more),
    )
