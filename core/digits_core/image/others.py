"""Other ways to see the ink of a picture, where it is not plain what belongs to the digit."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.image.groups import Grouping
from digits_core.image.lines import without_lines
from digits_core.image.paper import Ink

Grey: TypeAlias = NDArray[np.uint8]

# More pieces than this are the speckle of a bad camera or scan.
_SPECKLED = 12
# Ink of less than this share of the strongest may be another ink: lines, mud, what shows through.
# It is, when without it the box is shorter by this share on a side.
_STRONG = 0.5
_SMALLER = 0.12
# A line through the digit is thinner than this share of its thickest stroke, told at this size.
# It crosses, so that the box becomes this wide for its height at least.
_THINNER = 0.55
_WIDE = 1.05
_FINE_SIDE = 80
# A ruled line ends within so many pixels of both borders. In pictures smaller than this the strokes
# of tightly cropped digits pass for lines.
_AT_BORDER = 2
_LINED = 21
# An outline is thinner than this share of its side, what it encloses as a stroke is narrower than
# the next, and it has, once filled, so many times its ink.
_THIN = 0.11
_HOLLOW = 0.24
_FILLED = 1.5
# Whether it may be one shows on a copy of this many pixels, where lines grow a little thicker.
_GLANCE = 28
_TOUCHED = 90


def other_inks(ink: Ink, mask: Grey, found: Grouping, stroke: float) -> Iterator[tuple[Ink, Grey]]:
    """Other inks, each with its mask uint8[H, W], that the digit may have been written in.

    `mask` is the ink above its threshold, `found` its groups and `stroke` the
    width of the strokes of the first, as a share of its longer side. In turn:
    without speckle, the dark part alone, without ruled lines, an outline filled.
    """
    box = found.groups[0].box
    if len(found.loose) + sum(len(group.components) for group in found.groups) > _SPECKLED:
        yield _smoothed(ink)
    if (strong := _strong(ink, box)) is not None:
        yield ink, strong
    if (thick := _thick(ink, mask, box)) is not None:
        yield ink, thick
    lined = max(mask.shape) >= _LINED and _cross(mask, found)
    if lined and (lineless := without_lines(mask)) is not None:
        yield ink, lineless
    if stroke < _THIN and _hollow(mask[box[1] : box[3], box[0] : box[2]]):
        filled = _filled(mask, max(box[2] - box[0], box[3] - box[1]))
        if cv2.countNonZero(filled) > _FILLED * cv2.countNonZero(mask):
            full = cv2.bitwise_and(filled, np.full_like(filled, ink.full))
            yield replace(ink, density=cv2.max(ink.density, full)), filled


def _smoothed(ink: Ink) -> tuple[Ink, Grey]:
    density = cv2.medianBlur(ink.density, 3)
    threshold, mask = cv2.threshold(density, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return replace(ink, density=density, threshold=threshold), mask


def _strong(ink: Ink, box: tuple[int, int, int, int]) -> Grey | None:
    """The mask of the dark ink, None where it reaches as far as all of it."""
    least = max(ink.threshold + 1, _STRONG * ink.full)
    _, strong = cv2.threshold(ink.density, least, 255, cv2.THRESH_BINARY)
    return strong if _is_smaller(strong, box) else None


def _thick(ink: Ink, mask: Grey, box: tuple[int, int, int, int]) -> Grey | None:
    """The mask without lines much thinner than its strokes, None where they reach no further."""
    left, top, right, bottom = box
    if right - left < _WIDE * (bottom - top):
        return None
    side = max(right - left, bottom - top)
    density = ink.density[top:bottom, left:right]
    scale = max(1, -(-_FINE_SIDE // side))
    fine = cv2.resize(density, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    _, fine = cv2.threshold(fine, ink.threshold, 255, cv2.THRESH_BINARY)
    # Beyond its box there is no ink.
    fine = cv2.copyMakeBorder(fine, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    thickest = 2 * float(cv2.distanceTransform(fine, cv2.DIST_L2, 3).max())
    width = max(3, round(_THINNER * thickest)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    fine = cv2.morphologyEx(fine, cv2.MORPH_OPEN, disc)[1:-1, 1:-1]
    part = cv2.resize(fine, density.shape[::-1], interpolation=cv2.INTER_AREA)
    _, part = cv2.threshold(part, 127, 255, cv2.THRESH_BINARY)
    if not _is_smaller(part, box):
        return None
    thick = np.zeros_like(mask)
    thick[top:bottom, left:right] = part
    return thick


def _is_smaller(mask: Grey, box: tuple[int, int, int, int]) -> bool:
    """Whether a mask holds ink, whose box is clearly shorter than another on a side."""
    _, _, width, height = cv2.boundingRect(mask)
    missing = max(box[2] - box[0] - width, box[3] - box[1] - height)
    return bool(width) and missing > _SMALLER * max(width, height)


def _cross(mask: Grey, found: Grouping) -> bool:
    """Whether a piece of the ink goes from border to border."""
    height, width = mask.shape
    return any(
        (c.left <= _AT_BORDER and c.right >= width - _AT_BORDER)
        or (c.top <= _AT_BORDER and c.bottom >= height - _AT_BORDER)
        for group in found.groups
        for c in group.components
    )


def _hollow(mask: Grey) -> bool:
    """Whether a mask, cropped to its box, may be an outline, told on a small copy."""
    factor = max(1, max(mask.shape) // _GLANCE)
    height, width = (max(1, length // factor) for length in mask.shape)
    whole = mask[: height * factor, : width * factor]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    _, small = cv2.threshold(small, _TOUCHED, 255, cv2.THRESH_BINARY)
    filled = _filled(small, max(small.shape))
    return cv2.countNonZero(filled) > _FILLED * cv2.countNonZero(small)


def _filled(mask: Grey, side: int) -> Grey:
    """The mask with what it encloses filled, but for the loops of digits, which are wider."""
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    paper = cv2.bitwise_not(padded)
    around, *_ = cv2.floodFill(paper.copy(), None, (0, 0), 0)
    if cv2.countNonZero(padded) + around == padded.size:
        return mask  # nothing is enclosed
    # Paper hangs together by edges alone where ink does by corners, too.
    count, regions = cv2.connectedComponents(paper, connectivity=4, ltype=cv2.CV_16U)
    depths = cv2.distanceTransform(paper, cv2.DIST_L2, 3)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, regions.ravel(), depths.ravel())
    narrow = deepest <= _HOLLOW * side / 2
    narrow[[0, regions[0, 0]]] = False  # the ink, and the paper all around
    filled: Grey = narrow[regions].astype(np.uint8) * 255
    return cv2.max(padded, filled)[1:-1, 1:-1]
