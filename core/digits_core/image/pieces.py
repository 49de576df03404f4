"""Which of many 28x28 hold their ink in one piece, and in which box: told of all at once."""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.image.connected import connected
from digits_core.image.frame import SIDE

Grey: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pieces:
    """Of N pictures: `count` int[N] of connected pieces of ink, 0 to 196, and the box of one.

    `box` int[N, 4] is left, top, right and bottom in pixels, the last two
    outside, of any one of the pieces; it means nothing where there is none.
    """

    count: NDArray[np.intp]
    box: NDArray[np.int32]


def find_pieces(pictures: Grey) -> Pieces:
    """Tell the pieces of ink in uint8[N, 28, 28], white on black, by each one's own threshold."""
    # One below the other, with an empty row between them.
    sheet = np.zeros((len(pictures), SIDE + 1, SIDE), np.uint8)
    for picture, place in zip(pictures, sheet, strict=True):
        cv2.threshold(picture, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU, dst=place[:SIDE])
    _, stats = connected(sheet.reshape(-1, SIDE))
    left, top, width, height = stats[1:, :4].T
    place, top = np.divmod(top, SIDE + 1)
    box = np.zeros((len(pictures), 4), np.int32)
    box[place] = np.stack([left, top, left + width, top + height], axis=1)
    return Pieces(np.bincount(place, minlength=len(pictures)), box)
