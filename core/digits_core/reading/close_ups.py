"""Close-ups of characters: each in the middle, with what stands beside it."""

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 32
"""Rows and columns of a close-up."""

NOTHING = 11
"""The place of "no character has its middle here", behind the classes of characters."""

# A close-up shows so many times the longer side of the character's box.
_REACH = 1.5
# The middle part that the character takes up, and the least brightness that is made white: what is
# darker everywhere is noise.
_MIDDLE = slice(SIDE // 6, SIDE - SIDE // 6)
_LEAST = 32


def close_ups(
    page: NDArray[np.uint8], boxes: NDArray[np.floating], margin: int = 0
) -> NDArray[np.uint8]:
    """Cut what `boxes` hold out of a page uint8[H, W]: uint8[N, SIDE + 2 margin, the same].

    Boxes are [N, 4]: left, top, right, bottom in pixels of the page. A `margin` shows
    more around at the same scale; beyond the page all is black.
    """
    side = SIDE + 2 * margin
    cut = np.empty((len(boxes), side, side), np.uint8)
    for place, (left, top, right, bottom) in enumerate(boxes.tolist()):
        step = _REACH * max(right - left, bottom - top) / SIDE
        # From a pixel's middle in the close-up to the place on the page.
        half = step * (side - 1) / 2
        matrix = np.array(
            [
                [step, 0, (left + right - 1) / 2 - half],
                [0, step, (top + bottom - 1) / 2 - half],
            ]
        )
        cv2.warpAffine(
            page,
            matrix,
            (side, side),
            dst=cut[place],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
    return cut


def whitened(cut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Close-ups uint8[N, SIDE, SIDE] with the brightest of each one's middle part white.

    Pale characters beside dark ones are as bright as these then.
    """
    if not len(cut):
        return cut
    brightest = np.maximum(cut[:, _MIDDLE, _MIDDLE].max(axis=(1, 2)), _LEAST).astype(np.float32)
    scaled = cut * (np.float32(255) / brightest)[:, None, None]
    return np.minimum(scaled, 255).astype(np.uint8)
