"""From a grey picture of several characters to ink as the reader was trained on.

As for a single digit the paper is taken away and the polarity found; but the
picture stays a picture, brought to the scale at which its characters are about
24 pixels tall, with strokes wide enough to survive that.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.image.connected import connected
from digits_core.image.frame import stroke_width
from digits_core.image.groups import runs_along
from digits_core.image.lines import without_lines
from digits_core.image.paper import Ink, darkest, find_ink
from digits_core.image.surroundings import surroundings

Grey: TypeAlias = NDArray[np.uint8]

PAGE_VERSION = 4
"""Grows whenever what the reader sees of a picture changes."""

HEIGHT = 24
"""How tall characters are brought to be, in pixels of the page."""

STRIDE = 4
"""A page's sides are multiples of this: the reader has one cell for so many pixels a side."""

MOST_PIXELS = 4_000_000
"""A page of more would cost the reader a second, and have more than characters on it."""

# The copy that the ink is looked for on. Characters smaller than they will be read are looked at
# again on a larger one.
_WORKING_SIDE = 800
# The paper is the median of a window so many heights of characters wide: shadows go with it, the
# bold strokes of characters do not. Of composed pages fewer characters are lost than with twice as
# much, and far fewer than with 1. For small ones on a sheet that lies on something else it is this
# share of the picture until their height is known.
_AROUND = 1.5
_LOCAL = 0.12
# Below this many grey levels the grain of paper and the noise of cameras look like ink.
_MIN_CONTRAST = 5.0
# Ink this part as dense as the threshold counts where the page ends, if no taller than so many
# characters.
_PALE = 0.5
_TALLEST = 2.0
# Strokes are made at least this wide, in pixels of the page: MNIST's at this height.
_MIN_STROKE = 2.0
# What is left round the ink, as a share of the characters' height.
_MARGIN = 0.5
# A piece of ink is a character's, or several characters', from so many pixels of height on, and
# from this share of the others' height. A frame takes this share of both sides and fills this
# little of its box, a rule is so many times wider than tall.
_LEAST = 5
_SPECK = 0.3
_ALONG = 0.7
_FRAME = 0.06
_RULE = 8
# Lines are told from strokes where characters are no taller than this share of the picture.
_PART = 0.6
# Half of a stroke's pixels belong to its soft edge: above this share lies its inside.
_INSIDE = 0.6
# Ink paler than this share of the strokes is the ringing of JPEG rather than their soft edge.
_FAINTEST = 0.12
# Ink is looked for on at most so many pixels: a second on one core.
_LARGEST = 16_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """Several characters as the reader sees them.

    `pixels` is uint8[H, W], white ink on black, sides multiples of `STRIDE`.
    A pixel of it is `scale` pixels of the picture, and its corner lies at
    `left`, `top` there. `ink` is uint8[h, w], the ink's density where it was
    found, and `mask` what of it is ink without ruled lines; a pixel of these is
    `zoom` pixels of the picture, with its corner at the picture's. `contrast` is
    the ink's in grey levels; `surrounded` says whether a part of the picture was
    taken for what lies round the sheet.
    """

    pixels: Grey
    scale: float
    left: float
    top: float
    ink: Grey
    mask: Grey
    zoom: int
    contrast: float
    surrounded: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """Ink, what of it is no ruled line, and the boxes of its pieces int32[N, 5].

    `surrounded` is the page's.
    """

    ink: Ink
    mask: Grey
    boxes: NDArray[np.int32]
    surrounded: bool

    def height(self) -> float:
        """How tall the characters are."""
        return _height(self.boxes)


@dataclass(frozen=True, slots=True)
class Way:
    """How ink is looked for, where the plain way finds no characters.

    `local` looks for the paper close to the ink: for small characters on a sheet
    that lies on something else. `lesser` takes what is on the other side of the
    paper's grey: light lines may outweigh dark ink. `darkest` takes the darkest ink
    alone: characters on lines that are paler. `tall` is how high characters are, as a
    share of the picture's longer side; 0 where the pieces of ink tell it. On mottled
    paper these are its shades.
    """

    local: bool = False
    lesser: bool = False
    darkest: bool = False
    tall: float = 0.0


PLAIN = Way()


def lay_out(picture: Grey, height: float | None = None, way: Way = PLAIN) -> Page | None:
    """Bring a grey picture uint8[H, W] to the reader's scale; None where there is no ink.

    `height` is that of the characters in pixels of the picture, where it is known
    better than by the sizes of its pieces of ink, or by the `way`.
    """
    zoom = -(-max(picture.shape) // _WORKING_SIDE)
    closest = math.ceil(math.sqrt(picture.size / _LARGEST))
    around = _LOCAL * max(picture.shape) if way.local else None
    height = height or min(way.tall * max(picture.shape), *picture.shape)
    if height:
        height = min(height, max(picture.shape))
        zoom = max(closest, min(zoom, int(height / HEIGHT)))
        around = _AROUND * height
    found = _find(picture, zoom, around, way)
    if found is not None and not len(found.boxes) and zoom > closest:
        # Ink in pieces too small for characters, which may be the copy's fault.
        zoom = max(closest, zoom // 2)
        found = _find(picture, zoom, around, way)
    if found is None or not len(found.boxes):
        return None
    if height:
        return _page(found, height / zoom, zoom)
    tall = found.height() * zoom
    closer = min(zoom, max(closest, int(tall / HEIGHT)))
    better = _find(picture, closer, _AROUND * tall, way)
    if better is not None and len(better.boxes):
        found, zoom = better, closer
    return _page(found, found.height(), zoom)


def _find(picture: Grey, zoom: int, around: float | None, way: Way) -> _Found | None:
    """The ink of a copy smaller by `zoom`, its paper `around` it; None where all is paper."""
    small = _shrink(picture, zoom)
    if around is not None:
        around /= zoom
    ink = find_ink(small, around=around, lesser=way.lesser)
    if ink.contrast < _MIN_CONTRAST:
        return None
    mask = cv2.compare(ink.density, ink.threshold, cv2.CMP_GT)
    if (beside := surroundings(mask)) is not None:
        ink = find_ink(small, beside, around, lesser=way.lesser)
        mask = cv2.compare(ink.density, ink.threshold, cv2.CMP_GT)
    if way.darkest:
        ink = darkest(ink)
        mask = cv2.compare(ink.density, ink.threshold, cv2.CMP_GT)
    surrounded = beside is not None
    lineless = _lineless(mask)
    if lineless is not None and len(boxes := _pieces(lineless)):
        return _Found(ink, lineless, boxes, surrounded)
    return _Found(ink, mask, _pieces(mask), surrounded)


def _lineless(mask: Grey) -> Grey | None:
    """The mask without ruled lines; None where there are none."""
    lineless = without_lines(mask)
    if lineless is None or not len(boxes := _pieces(lineless)):
        return None
    # Where a character is nearly as long as the picture, its strokes pass for lines across it.
    across, down = (_height(boxes) <= _PART * side for side in mask.shape[::-1])
    if across and down:
        return lineless
    return without_lines(mask, level=across, upright=down) if across or down else None


def _pieces(mask: Grey) -> NDArray[np.int32]:
    """Left, top, width, height and area of the ink's pieces, but for specks, rules and frames."""
    labels, stats = connected(mask)
    boxes = stats[1:]
    height, width = mask.shape
    # A single character, or a row of them that touch, may fill the picture, but it is no frame.
    small = (boxes[:, 2] < _ALONG * width) | (boxes[:, 3] < _ALONG * height)
    dense = boxes[:, 4] > _FRAME * boxes[:, 2] * boxes[:, 3]
    upright = (boxes[:, 2] < _RULE * boxes[:, 3]) & (boxes[:, 3] >= _LEAST)
    chosen = (small | dense) & upright
    if not chosen.any():
        # A single character in thin strokes, if it is no frame.
        chosen = upright.copy()
        for place in np.flatnonzero(upright):
            left, top, wide, high, _ = boxes[place]
            part = labels[top : top + high, left : left + wide] == place + 1
            chosen[place] = not runs_along(part)
    boxes = boxes[chosen]
    if len(boxes):
        boxes = boxes[boxes[:, 3] >= _SPECK * _height(boxes)]
    return boxes


def _height(boxes: NDArray[np.int32]) -> float:
    """How tall the characters are: the median over the ink."""
    order = boxes[:, 3].argsort()
    below = boxes[order, 4].cumsum()
    return float(boxes[order[below.searchsorted(below[-1] / 2)], 3])


def _page(found: _Found, tall: float, zoom: int) -> Page:
    ink = found.ink
    margin = _MARGIN * tall
    height, width = ink.density.shape
    # What is too pale for the threshold may be a character, too.
    pale = _pieces(cv2.compare(ink.density, _PALE * ink.threshold, cv2.CMP_GT))
    pale = pale[(pale[:, 3] >= _SPECK * tall) & (pale[:, 3] <= _TALLEST * tall)]
    boxes = np.concatenate([found.boxes, pale])
    left = max(0, int(boxes[:, 0].min() - margin))
    top = max(0, int(boxes[:, 1].min() - margin))
    right = min(width, math.ceil((boxes[:, 0] + boxes[:, 2]).max() + margin))
    bottom = min(height, math.ceil((boxes[:, 1] + boxes[:, 3]).max() + margin))
    density = ink.density[top:bottom, left:right]
    shrink = max(tall / HEIGHT, math.sqrt(density.size / MOST_PIXELS))
    pixels = _reduced(_full(density, ink.threshold), shrink)
    high, wide = pixels.shape
    pixels = cv2.copyMakeBorder(
        pixels, 0, -high % STRIDE, 0, -wide % STRIDE, cv2.BORDER_CONSTANT, value=0
    )
    return Page(
        pixels=pixels,
        scale=shrink * zoom,
        left=float(left * zoom),
        top=float(top * zoom),
        ink=ink.density,
        mask=found.mask,
        zoom=zoom,
        contrast=ink.contrast,
        surrounded=found.surrounded,
    )


def _full(density: Grey, threshold: float) -> Grey:
    """The density with the inside of strokes white and what is too pale for ink black."""
    mask = cv2.compare(density, threshold, cv2.CMP_GT)
    counts = cv2.calcHist([density], [0], mask, [256], [0, 256]).ravel().cumsum()
    full = max(1, int(np.searchsorted(counts, _INSIDE * counts[-1])))
    density = cv2.convertScaleAbs(density, alpha=255 / full)
    return cv2.threshold(density, 255 * _FAINTEST, 0, cv2.THRESH_TOZERO)[1]


def _reduced(density: Grey, shrink: float) -> Grey:
    """Smaller by `shrink`, or larger, with strokes that stay visible."""
    height, width = density.shape
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    missing = _MIN_STROKE * shrink - stroke_width(density)
    if missing >= 1:
        by = round(missing) + 1
        density = cv2.dilate(density, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (by, by)))
    way = cv2.INTER_AREA if shrink > 1 else cv2.INTER_LINEAR
    return cv2.resize(density, size, interpolation=way)


def _shrink(picture: Grey, zoom: int) -> Grey:
    """A copy smaller by `zoom`; what is left over at the right and the bottom is left out."""
    if zoom == 1:
        return picture
    height, width = (max(1, length // zoom) for length in picture.shape)
    whole = picture[: height * zoom, : width * zoom]
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
