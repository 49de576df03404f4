"""One stroke width, the 20x20 box, the centre of mass in the middle of 28x28."""

import math
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]

SIDE = 28
BOX = 20
# Over MNIST's training images the mean of the centres of mass, counted from pixel 0.
_CENTRE = 14.0
# Strokes of MNIST are 2 to 3 pixels wide; a hairline would fall apart on the way to 28x28.
_MIN_STROKE = 2.0
# Strokes are measured and digits placed on this many pixels a pixel of the 28x28.
_FINE = 4


def frame(density: Grey) -> Grey:
    """Bring a digit's ink uint8[h, w], cropped to its box, to uint8[28, 28]."""
    fine = _enlarge(density)
    missing = _MIN_STROKE * max(fine.shape) / BOX - stroke_width(fine)
    if missing >= 1:
        density = _thicken(fine, round(missing))
    if abs(max(density.shape) - BOX) <= 1:  # interpolation would blur more than it corrects
        return _stretch(_centre(density, 1))
    placed = _centre(_boxed(density, BOX * _FINE), _FINE)
    return _stretch(cv2.resize(placed, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def stroke_width(density: Grey) -> float:
    """The mean width of strokes, in pixels: twice the area over the outline's length."""
    _, mask = cv2.threshold(density, 127, 255, cv2.THRESH_BINARY)
    area = cv2.countNonZero(mask)
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    inside = cv2.countNonZero(cv2.erode(padded, None))
    return 2 * area / max(1, area - inside)


def _enlarge(density: Grey) -> Grey:
    """Enough pixels to measure a stroke by: one of a single pixel has no measurable width."""
    factor = math.ceil(BOX * _FINE / max(density.shape))
    if factor == 1:
        return density
    return cv2.resize(density, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)


def _thicken(density: Grey, by: int) -> Grey:
    density = cv2.copyMakeBorder(density, by, by, by, by, cv2.BORDER_CONSTANT, value=0)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (by + 1, by + 1))
    thick = cv2.dilate(density, disc)
    x, y, width, height = cv2.boundingRect(cv2.compare(thick, 63, cv2.CMP_GT))
    return thick[y : y + height, x : x + width]


def _boxed(density: Grey, box: int) -> Grey:
    """Bring the longer side to `box` pixels; the shorter one is filled up, not stretched."""
    height, width = density.shape
    side = max(height, width)
    square = cv2.copyMakeBorder(
        density, 0, side - height, 0, side - width, cv2.BORDER_CONSTANT, value=0
    )
    way = cv2.INTER_AREA if side > box else cv2.INTER_LINEAR
    return cv2.resize(square, (box, box), interpolation=way)


def _centre(density: Grey, scale: int) -> Grey:
    """Put the centre of mass at the middle of `scale` times 28x28, to the pixel."""
    height, width = density.shape
    side = SIDE * scale
    middle = _CENTRE * scale + (scale - 1) / 2
    moments = cv2.moments(density)
    left = side + round(middle - moments["m10"] / moments["m00"])
    top = side + round(middle - moments["m01"] / moments["m00"])
    out = np.zeros((3 * side, 3 * side), np.uint8)
    out[top : top + height, left : left + width] = density
    return out[side:-side, side:-side].copy()


def _stretch(pixels: Grey) -> Grey:
    """Make most of the strokes' inside white, as in MNIST."""
    ink = pixels[pixels > 127]
    top = float(np.percentile(ink, 75)) if ink.size else 255.0
    return cv2.convertScaleAbs(pixels, alpha=255 / top)
