"""Taking the paper away: what differs from its surroundings is ink."""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]

# The paper is smooth: this many pixels tell its shading.
_SMALL_SIDE = 56
# As large as the picture, beyond whose border its edge goes on: in a smaller window the bold
# strokes of a tight crop pass for paper.
_WINDOW = 1.0


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of a picture.

    `density` is uint8[H, W], the difference from the paper in grey levels, 0
    where there is none; `threshold` parts it into paper and ink; `contrast` is
    the mean density of the ink above the mean of the paper.
    """

    density: Grey
    threshold: float
    contrast: float


def find_ink(picture: Grey) -> Ink:
    """Tell the ink of a grey picture from its paper, whichever is darker.

    The paper is the median of a large neighbourhood of each pixel, so shadows
    and shading go with it. Ink is on the side where the deviations are heavier.
    """
    paper = _paper(picture)
    sides = cv2.subtract(picture, paper), cv2.subtract(paper, picture)
    density = max(sides, key=lambda side: cv2.norm(side, cv2.NORM_L2SQR))
    threshold, mask = cv2.threshold(density, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    on = cv2.mean(density, mask)[0]
    off = cv2.mean(density, cv2.bitwise_not(mask))[0]
    return Ink(density, threshold, max(on - off, 0.0) if mask.any() else 0.0)


def _paper(picture: Grey) -> Grey:
    """The paper's brightness, uint8[H, W]: a large median of a small copy."""
    height, width = picture.shape
    scale = min(1.0, _SMALL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    window = int(max(size) * _WINDOW) // 2 * 2 + 1
    paper = cv2.medianBlur(small, window)
    return cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
