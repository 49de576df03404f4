"""Taking ruled and squared lines out of the ink."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.image.connected import connected

Grey: TypeAlias = NDArray[np.uint8]

# A ruled line crosses this share of the picture; no stroke of a digit in it does.
_ACROSS = 0.85
# Pieces of a line of this share of the picture's side stay straight even where it is tilted.
_PIECE = 0.12
# A line is no thicker than this share of the picture's side.
_THICK = 0.03
# Strokes that crossed a line are cut by no more than this many pixels.
_CUT = 5


def without_lines(mask: Grey, *, level: bool = True, upright: bool = True) -> Grey | None:
    """The mask uint8[H, W] without straight thin lines across it; None where there are none.

    `level` and `upright` are the kinds of lines that are looked for.
    """
    lines = np.zeros_like(mask)
    if level:
        lines = _level(mask)
    if upright:
        turned = _level(np.ascontiguousarray(mask.T)).T
        lines = cv2.bitwise_or(lines, np.ascontiguousarray(turned))
    if not cv2.countNonZero(lines):
        return None
    left = cv2.bitwise_and(mask, cv2.bitwise_not(lines))
    closed = cv2.morphologyEx(left, cv2.MORPH_CLOSE, np.ones((_CUT, _CUT), np.uint8))
    return cv2.bitwise_and(closed, mask)


def _level(mask: Grey) -> Grey:
    """The lines of a mask that run from left to right."""
    thick = max(2, round(_THICK * max(mask.shape)))
    piece = max(5, round(_PIECE * mask.shape[1]))
    # What survives an upright opening is thicker than a line.
    bold = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thick + 1, 1), np.uint8))
    thin = cv2.bitwise_and(mask, cv2.bitwise_not(bold))
    pieces = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((1, piece), np.uint8))
    if not cv2.countNonZero(pieces):
        return pieces
    joined = cv2.dilate(pieces, np.ones((3, piece), np.uint8))
    least = _ACROSS * mask.shape[1]
    # Most pages have no lines, and labelling costs more than all the rest.
    if cv2.countNonZero(cv2.reduce(joined, 0, cv2.REDUCE_MAX)) < least:
        return np.zeros_like(mask)
    labels, stats = connected(joined)
    long = np.where(stats[:, cv2.CC_STAT_WIDTH] >= least, np.uint8(255), np.uint8(0))
    long[0] = 0
    return cv2.bitwise_and(pieces, long[labels])
