"""One stroke width, the 20x20 box, the centre of mass in the middle of 28x28."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]

SIDE = 28
BOX = 20
_CENTRE = 14.0
_MIN_STROKE = 2.2


def frame(density: Grey) -> Grey:
    """Bring a digit's ink uint8[h, w], cropped to its box, to uint8[28, 28]."""
    density = _thicken(density)
    height, width = density.shape
    scale = BOX / max(height, width)
    if abs(max(height, width) - BOX) > 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        density = cv2.resize(density, size, interpolation=way)
    return _centre(_stretch(density))


def stroke_width(density: Grey) -> float:
    """The mean width of strokes, in pixels: twice the area over the outline's length."""
    _, mask = cv2.threshold(density, 127, 255, cv2.THRESH_BINARY)
    area = cv2.countNonZero(mask)
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    inside = cv2.countNonZero(cv2.erode(padded, None))
    return 2 * area / max(1, area - inside)


def _thicken(density: Grey) -> Grey:
    wanted = _MIN_STROKE * max(density.shape) / BOX
    missing = wanted - stroke_width(density)
    if missing < 1:
        return density
    reach = int(round(missing))
    density = cv2.copyMakeBorder(density, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach + 1, reach + 1))
    thick = cv2.dilate(density, kernel)
    rows = np.flatnonzero(thick.max(axis=1) > 63)
    columns = np.flatnonzero(thick.max(axis=0) > 63)
    return thick[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _stretch(density: Grey) -> Grey:
    ink = density[density > 127]
    top = float(np.percentile(ink, 75)) if ink.size else 255.0
    return np.minimum(density.astype(np.float32) * (255 / max(top, 1)), 255).astype(np.uint8)


def _centre(density: Grey) -> Grey:
    height, width = density.shape
    moments = cv2.moments(density)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    left = min(max(round(_CENTRE - x), 0), SIDE - width)
    top = min(max(round(_CENTRE - y), 0), SIDE - height)
    out = np.zeros((SIDE, SIDE), np.uint8)
    out[top : top + height, left : left + width] = density
    return out
