"""One stroke width, the 20x20 box, the centre of mass in the middle of 28x28."""

import math
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]

SIDE = 28
BOX = 20
# Over MNIST's training images the mean of the centres of mass, counted from pixel 0.
_CENTRE = 14.0
# Most strokes of MNIST are 2 to 3 pixels wide, hardly any below this: they stay as they are. A
# hairline would fall apart on the way to 28x28.
_MIN_STROKE = 1.7
_MAX_STROKE = 3.6
# Strokes are measured and digits placed on this many pixels a pixel of the 28x28.
_FINE = 4
_DOT = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))


def frame(density: Grey) -> tuple[Grey, float]:
    """Bring a digit's ink uint8[h, w], cropped to its box, to uint8[28, 28].

    Also gives the width of its strokes, as it was, as a share of the longer side.
    """
    fine = _enlarge(density)
    side = max(fine.shape)
    width = stroke_width(fine)
    missing = _MIN_STROKE * side / BOX - width
    if missing >= 1:
        density = _thicken(fine, round(missing))
    elif (surplus := width - _MAX_STROKE * side / BOX) >= 1:
        density = _thin(fine, round(surplus))
    return _stretch(_place(density)), width / side


def relative_stroke(density: Grey) -> float:
    """The width of a digit's strokes as a share of the longer side, as `frame` gives it."""
    fine = _enlarge(density)
    return stroke_width(fine) / max(fine.shape)


def stroke_width(density: Grey) -> float:
    """The mean width of strokes, in pixels: twice the area over the outline's length."""
    _, mask = cv2.threshold(density, 127, 255, cv2.THRESH_BINARY)
    inside = cv2.erode(mask, _DOT, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    area = cv2.countNonZero(mask)
    return 2 * area / max(1, area - cv2.countNonZero(inside))


def _enlarge(density: Grey) -> Grey:
    """Enough pixels to measure a stroke by: one of a single pixel has no measurable width."""
    factor = math.ceil(BOX * _FINE * 0.75 / max(density.shape))
    if factor == 1:
        return density
    return cv2.resize(density, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)


def _thicken(density: Grey, by: int) -> Grey:
    density = cv2.copyMakeBorder(density, by, by, by, by, cv2.BORDER_CONSTANT, value=0)
    return _cropped(cv2.dilate(density, _disc(by)))


def _thin(density: Grey, by: int) -> Grey:
    thin = cv2.erode(density, _disc(by), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    # Strokes that are gone were thinner than their mean: then all stay as they are.
    return _cropped(thin) if thin.any() else density


@cache
def _disc(by: int) -> Grey:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (by + 1, by + 1))


def _cropped(density: Grey) -> Grey:
    _, mask = cv2.threshold(density, 63, 255, cv2.THRESH_BINARY)
    x, y, width, height = cv2.boundingRect(mask)
    return density[y : y + height, x : x + width] if width else density


def _place(density: Grey) -> Grey:
    """The longer side becomes 20 pixels, the centre of mass comes to the middle of 28x28."""
    moments = cv2.moments(density)
    across, down = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    side = max(density.shape)
    if abs(side - BOX) <= 1:  # interpolation would blur more than it corrects
        return _moved(density, round(_CENTRE - across), round(_CENTRE - down), SIDE)
    box = BOX * _FINE
    height, width = density.shape
    size = max(1, round(width * box / side)), max(1, round(height * box / side))
    way = cv2.INTER_AREA if side > 2 * box else cv2.INTER_LINEAR
    fine = cv2.resize(density, size, interpolation=way)
    middle = _CENTRE * _FINE + (_FINE - 1) / 2
    across = (across + 0.5) * size[0] / width - 0.5
    down = (down + 0.5) * size[1] / height - 0.5
    fine = _moved(fine, round(middle - across), round(middle - down), SIDE * _FINE)
    return cv2.resize(fine, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _moved(density: Grey, left: int, top: int, side: int) -> Grey:
    """The ink at a place of an empty square uint8[side, side]; what lies beyond it is cut off."""
    height, width = density.shape
    square = np.zeros((side, side), np.uint8)
    square[max(0, top) : top + height, max(0, left) : left + width] = density[
        max(0, -top) : side - top, max(0, -left) : side - left
    ]
    return square


def _stretch(pixels: Grey) -> Grey:
    """Make most of the strokes' inside white, as in MNIST."""
    ink = np.sort(pixels[pixels > 127])
    top = float(ink[len(ink) * 3 // 4]) if ink.size else 255.0
    return cv2.convertScaleAbs(pixels, alpha=255 / top)
