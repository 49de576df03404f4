"""Characters in reading order."""

from itertools import pairwise
from statistics import median

from digits_core.reading.detector import Character

# A character stands in a row when its middle is within this share of the heights of the last
# one's, which follows slanted baselines, and no further to the right than this many heights.
_LEVEL = 0.55
_FAR = 12.0
# A gap between boxes is wide from this share of the row's height on, if it is also so many times
# the row's usual gap.
_WIDE = 0.9
_UNUSUAL = 2.0

Row = list[Character]


def rows(characters: list[Character]) -> list[Row]:
    """The rows of a page from the top, each from the left."""
    found: list[Row] = []
    for character in sorted(characters, key=lambda c: c.middle[0]):
        near = [row for row in found if _follows(row, character)]
        if near:
            min(near, key=lambda row: _away(row, character)).append(character)
        else:
            found.append([character])
    return sorted(found, key=lambda row: median(c.middle[1] for c in row))


def gaps(row: Row) -> list[bool]:
    """Whether the gap before each character of a row but the first is wide."""
    between = [right.left - left.right for left, right in pairwise(row)]
    if len(between) < 2:
        return [False] * len(between)
    height = median(c.height for c in row)
    least = max(_WIDE * height, _UNUSUAL * median(between))
    return [gap > least for gap in between]


def _follows(row: Row, character: Character) -> bool:
    last = row[-1]
    tall = max(last.height, character.height)
    return _away(row, character) <= _LEVEL * tall and character.left - last.right <= _FAR * tall


def _away(row: Row, character: Character) -> float:
    """How far above or below the row's end a character stands."""
    return abs(character.middle[1] - row[-1].middle[1])
