"""What lies round a sheet of paper: the table under it, the dark edge of a scan."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.image.connected import connected

Grey: TypeAlias = NDArray[np.uint8]

# Surroundings take this share of a border of the picture, and are so many times longer than the
# pieces of ink beside them; where there are none, they take so many borders.
_ALONG = 0.6
_LONGER = 2.5
_BORDERS = 3
# Smaller pieces of ink, in pixels of height, say nothing about how large characters are.
_LEAST = 5
# The soft edge of a sheet, in pixels.
_SOFT = 5


def surroundings(mask: Grey) -> Grey | None:
    """What of the ink uint8[H, W] is none but lies round the sheet, as a mask; None for nothing."""
    borders = mask[0], mask[-1], mask[:, 0], mask[:, -1]
    if all(np.count_nonzero(border) < _ALONG * len(border) for border in borders):
        return None
    labels, stats = connected(mask)
    count = len(stats)
    along = np.zeros(count, int)
    for border in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        along += np.bincount(border, minlength=count) >= _ALONG * len(border)
    along[0] = 0
    rest = stats[(along == 0) & (stats[:, cv2.CC_STAT_HEIGHT] >= _LEAST)][1:]
    if len(rest):
        least = _LONGER * np.median(rest[:, cv2.CC_STAT_HEIGHT])
        longer = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
        found = (along > 0) & (longer >= least)
    else:
        found = along >= _BORDERS
    if not found.any():
        return None
    beside = np.where(found, np.uint8(255), np.uint8(0))[labels]
    return cv2.dilate(beside, np.ones((_SOFT, _SOFT), np.uint8))
