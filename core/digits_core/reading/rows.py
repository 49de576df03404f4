"""Characters in reading order."""

from itertools import pairwise
from statistics import median, median_low

import numpy as np

from digits_core.reading.detector import Character

# A character stands in a row when its middle is within this share of the heights of the last
# one's, which follows slanted baselines, and no further to the right than this many heights.
_LEVEL = 0.55
_FAR = 12.0
# Of two rows that a character could follow it is rather the nearer one's: so much of a gap counts
# as if the character stood higher or lower by it.
_DRIFT = 0.1
# A gap between boxes is wide from this share of the row's height on, if it is also so many times
# the row's usual gap.
_WIDE = 0.9
_UNUSUAL = 2.0
# Rows whose characters deviate by less than so many heights say little about how the page slants.
_SHORT = 1.2
# Across a wide gap a row of a slanted page goes on higher or lower: so often the page's slant is
# taken from the rows found and these are looked for anew.
_LOOKS = 6

Row = list[Character]


def rows(characters: list[Character]) -> list[Row]:
    """The rows of a page from the top, each from the left."""
    found, slant = _rows(characters, 0.0), 0.0
    for _ in range(_LOOKS):
        slant = _slant(found)
        again = _rows(characters, slant)
        if again == found:
            break
        found = again
    return sorted(found, key=lambda row: median(c.middle[1] - slant * c.middle[0] for c in row))


def _rows(characters: list[Character], slant: float) -> list[Row]:
    """The rows of a page that falls by `slant` for each pixel to the right."""
    found: list[Row] = []
    # Of each row's last character: the middle from the top, the height, the right border.
    ends = np.empty((len(characters), 3))
    for character in sorted(characters, key=lambda c: c.middle[0]):
        middles, heights, rights = ends[: len(found)].T
        tall = np.maximum(heights, character.height)
        middle = character.middle[1] - slant * character.middle[0]
        away = np.abs(middle - middles)
        gap = character.left - rights
        near = (away <= _LEVEL * tall) & (gap <= _FAR * tall)
        if near.any():
            place = int(np.where(near, away + _DRIFT * np.maximum(gap, 0), np.inf).argmin())
            found[place].append(character)
        else:
            place = len(found)
            found.append([character])
        ends[place] = middle, character.height, character.right
    return found


def gaps(row: Row) -> list[bool]:
    """Whether the gap before each character of a row but the first is wide."""
    between = [right.left - left.right for left, right in pairwise(row)]
    if len(between) < 2:
        return [False] * len(between)
    height = median(c.height for c in row)
    # The lower median: of two gaps the wide one is none too usual.
    least = max(_WIDE * height, _UNUSUAL * median_low(between))
    return [gap > least for gap in between]


def _slant(found: list[Row]) -> float:
    """How far rows fall for each pixel to the right, by least squares; the long ones tell."""
    across = down = 0.0
    for row in found:
        middles = np.array([character.middle for character in row])
        x, y = (middles - middles.mean(axis=0)).T
        across += float(x @ x) + (_SHORT * row[0].height) ** 2
        down += float(x @ y)
    return down / across if across else 0.0
