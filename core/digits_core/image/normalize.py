"""From a grey picture to the 28x28 that the models were trained on.

MNIST's own recipe (LeCun et al. 1998: the digit fits a 20x20 box, its centre of
mass lies at the centre of 28x28) is the end of the line; before it, the paper is
taken away, the polarity found, and the ink told from the rest.
"""

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.errors import WrongSize
from digits_core.image.frame import BOX, SIDE, frame
from digits_core.image.groups import find_groups
from digits_core.image.paper import Ink, find_ink

Grey: TypeAlias = NDArray[np.uint8]

NORMALIZER_VERSION = 1
"""Grows whenever the 28x28 of any golden picture changes."""

# A digit 48 pixels tall keeps its strokes apart: twice what the box holds. The working copy shows
# most of them so without a second, closer look.
_WORKING_SIDE = 240
_ENOUGH = 48
# A closer look takes this share of the digit's size along on every side, as paper.
_MARGIN = 0.25
# Below this many grey levels the grain of paper and the noise of cameras look like ink.
_MIN_CONTRAST = 10.0
# Ink paler than this share of the strokes is the ringing of JPEG rather than their soft edge.
_FAINTEST = 0.12
# Half of a stroke's pixels belong to its soft edge: above this percentile lies its inside.
_INSIDE = 60


@dataclass(frozen=True, slots=True)
class Normalized:
    """What a model sees of a picture.

    `pixels` is uint8[28, 28], white ink (255) on black, laid out like MNIST.
    `digit_count` is the number of groups of ink that could each be a digit, 0
    when there is no ink. `contrast` is the ink's difference from the paper in
    grey levels, 0 to 255.
    """

    pixels: Grey
    digit_count: int
    contrast: float


def normalize(picture: Grey) -> Normalized:
    """Bring a grey picture uint8[H, W] of a digit, in any place, size and polarity, to 28x28."""
    scale = min(1.0, _WORKING_SIDE / max(picture.shape))
    ink = find_ink(_shrink(picture, scale))
    if ink.contrast < _MIN_CONTRAST:
        return _blank(ink.contrast)
    groups, labels = find_groups(cv2.compare(ink.density, ink.threshold, cv2.CMP_GT))
    if not groups:
        return _blank(ink.contrast)
    mask = groups[0].mask(labels)
    x, y, width, height = cv2.boundingRect(mask)
    if scale < 1 and max(width, height) < _ENOUGH:
        margin = max(width, height) * _MARGIN
        rows = slice(int(max(0, y - margin) / scale), math.ceil((y + height + margin) / scale))
        columns = slice(int(max(0, x - margin) / scale), math.ceil((x + width + margin) / scale))
        closer = normalize(picture[rows, columns])
        return replace(closer, digit_count=len(groups)) if closer.digit_count else closer
    return Normalized(frame(_cut_out(ink, mask)), len(groups), ink.contrast)


def from_pixels(pixels: bytes | Grey) -> Normalized:
    """Take 784 bytes, or uint8[28, 28], of white ink on black as they are: nothing is normalised.

    Raises `WrongSize` for anything else.
    """
    values = np.frombuffer(pixels, np.uint8) if isinstance(pixels, bytes) else pixels
    if values.dtype != np.uint8 or values.shape not in ((SIDE * SIDE,), (SIDE, SIDE)):
        raise WrongSize(
            f"pixels hold {values.size} values of {values.dtype}: "
            f"send exactly {SIDE * SIDE} bytes, {SIDE} rows of {SIDE}"
        )
    values = values.reshape(SIDE, SIDE)
    contrast = float(values.max())
    _, mask = cv2.threshold(values, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    groups, _ = find_groups(mask)
    return Normalized(values, len(groups), contrast)


def _shrink(picture: Grey, scale: float) -> Grey:
    if scale == 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _blank(contrast: float) -> Normalized:
    return Normalized(np.zeros((SIDE, SIDE), np.uint8), 0, contrast)


def _cut_out(ink: Ink, mask: Grey) -> Grey:
    """The digit's ink on its own, uint8[h, w], its strokes stretched to 255."""
    x, y, width, height = cv2.boundingRect(mask)
    # A stroke's soft edge lies below the threshold, up to a pixel of the box beyond the mask.
    edge = max(1, round(max(width, height) / BOX))
    top, left = max(0, y - edge), max(0, x - edge)
    part = np.s_[top : y + height + edge, left : x + width + edge]
    mask, density = mask[part], ink.density[part]
    near = cv2.dilate(mask, np.ones((2 * edge + 1, 2 * edge + 1), np.uint8))
    full = np.percentile(density[mask > 0], _INSIDE)
    density = np.clip(density.astype(np.float32) * np.float32(255 / full), 0, 255).astype(np.uint8)
    density[(near == 0) | (density < 255 * _FAINTEST)] = 0
    x, y, width, height = cv2.boundingRect(density)
    return density[y : y + height, x : x + width]
