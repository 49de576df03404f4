"""From a grey picture to the 28x28 that the models were trained on.

MNIST's own recipe (LeCun et al. 1998: the digit fits a 20x20 box, its centre of
mass lies at the centre of 28x28) is the end of the line; before it, the paper is
taken away, the polarity found, and the ink told from the rest. Where one of
these decisions is close, the picture is read in other ways too, and the model
says which of them it makes most sense of.
"""

import math
from dataclasses import replace
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.errors import WrongSize
from digits_core.image.frame import BOX, SIDE, frame, relative_stroke
from digits_core.image.groups import Group, Grouping, Labels, find_groups
from digits_core.image.normalized import Normalized, Traits
from digits_core.image.others import other_inks
from digits_core.image.paper import Ink, find_inks

Grey: TypeAlias = NDArray[np.uint8]

NORMALIZER_VERSION = 3
"""Grows whenever the 28x28 of any golden picture changes."""

MOST_READINGS = 4
"""At most so many ways are tried to read one picture."""

# The working copy is smaller by a whole number, which is ten times quicker than by a fraction.
_WORKING_SIDE = 160
# A digit 40 pixels tall keeps its strokes apart: twice what the box holds. Smaller ones get a
# second, closer look when the picture has more pixels than the working copy.
_ENOUGH = 40
# A closer look takes this share of the digit's size along on every side, as paper.
_MARGIN = 0.25
# Below this many grey levels the grain of paper and the noise of cameras look like ink.
_MIN_CONTRAST = 5.0
# Ink paler than this share of the strokes is the ringing of JPEG rather than their soft edge.
_FAINTEST = 0.12
# Half of a stroke's pixels belong to its soft edge: above this share lies its inside.
_INSIDE = 0.6
# Left-out ink from this share of the digit's area on may have been a part of it.
_PART = 0.03
# Ink of less than this share of its largest piece may be none of the digit's.
_SMALL = 0.15


def normalize(picture: Grey) -> Normalized:
    """Bring a grey picture uint8[H, W] of a digit, in any place, size and polarity, to 28x28."""
    factor = -(-max(picture.shape) // _WORKING_SIDE)
    inks = [ink for ink in find_inks(_shrink(picture, factor)) if ink.contrast >= _MIN_CONTRAST]
    readings: list[Normalized] = []
    for later, ink in zip(range(len(inks) - 1, -1, -1), inks, strict=True):
        # Every ink is read in one way at least.
        room = MOST_READINGS - later - len(readings)
        readings += _readings(picture, factor, ink)[:room]
    if not readings:
        return Normalized(np.zeros((SIDE, SIDE), np.uint8), 0, 0.0, Traits())
    first, *others = readings
    return replace(first, alternatives=tuple(map(_second, others))) if others else first


def values(pixels: bytes | Grey) -> Grey:
    """784 bytes, or uint8[28, 28], of white ink on black as uint8[28, 28].

    Raises `WrongSize` for anything else.
    """
    given = np.frombuffer(pixels, np.uint8) if isinstance(pixels, bytes) else pixels
    if given.dtype != np.uint8 or given.shape not in ((SIDE * SIDE,), (SIDE, SIDE)):
        raise WrongSize(
            f"pixels hold {given.size} values of {given.dtype}: "
            f"send exactly {SIDE * SIDE} bytes, {SIDE} rows of {SIDE}"
        )
    return given.reshape(SIDE, SIDE)


def from_pixels(pixels: bytes | Grey) -> Normalized:
    """Take what `values` takes as it is: nothing is normalised."""
    seen = values(pixels)
    _, mask = cv2.threshold(seen, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    found = find_groups(mask)
    if not found.groups:
        return Normalized(seen, 0, 0.0, Traits())
    left, top, right, bottom = found.groups[0].box
    stroke = relative_stroke(np.ascontiguousarray(seen[top:bottom, left:right]))
    traits = _traits(found, found.groups[0], stroke, 1)
    return Normalized(seen, len(found.groups), float(seen.max()), traits)


def _readings(picture: Grey, factor: int, ink: Ink) -> list[Normalized]:
    """The ways to read one ink of a picture, the likeliest first, none of them nested."""
    _, mask = cv2.threshold(ink.density, ink.threshold, 255, cv2.THRESH_BINARY)
    found = find_groups(mask)
    if not found.groups:
        return []
    main = found.groups[0]
    readings = _read(picture, factor, ink, found, main)
    if picture.shape == (SIDE, SIDE) and not _is_plain(found):
        # As large as MNIST's it may be laid out like them, whatever else is in it.
        readings.append(replace(readings[0], pixels=ink.density, digit_count=1))
    for other, changed in other_inks(ink, mask, found, readings[0].traits.stroke):
        regrouped = find_groups(changed)
        if regrouped.groups:
            readings += _read(picture, factor, other, regrouped, regrouped.groups[0])
    large = [piece for piece in main.components if piece.area >= _SMALL * main.components[0].area]
    if len(large) < len(main.components):
        readings += _read(picture, factor, ink, found, Group(large))
    near = [piece for piece in found.loose if piece.area >= _PART * main.area]
    if near:
        readings += _read(picture, factor, ink, found, Group([*main.components, *near]))
    return readings


def _second(reading: Normalized) -> Normalized:
    """Mark an alternative as one."""
    return replace(reading, traits=replace(reading.traits, second_thought=1))


def _is_plain(found: Grouping) -> bool:
    """Whether a picture of 28x28 holds a single piece of ink, no wider than MNIST's digits."""
    left, _, right, _ = found.groups[0].box
    return (
        len(found.groups) == len(found.groups[0].components) == 1
        and not found.loose
        and right - left <= BOX + 2
    )


def _read(picture: Grey, factor: int, ink: Ink, found: Grouping, group: Group) -> list[Normalized]:
    """One group of ink as a digit; several readings when a closer look leaves doubts."""
    left, top, right, bottom = group.box
    side = max(right - left, bottom - top)
    if factor > 1 and side < _ENOUGH:
        margin = side * _MARGIN
        rows = slice(int(max(0, top - margin)) * factor, math.ceil(bottom + margin) * factor)
        columns = slice(int(max(0, left - margin)) * factor, math.ceil(right + margin) * factor)
        closer = normalize(picture[rows, columns])
        others = found.others(group)
        return [
            replace(
                each,
                digit_count=len(found.groups) if each.digit_count else 0,
                traits=replace(each.traits, others=each.traits.others + others),
                alternatives=(),
            )
            for each in (closer, *closer.alternatives)
        ]
    pixels, stroke = frame(cut_out(ink.density, group, found.labels))
    traits = _traits(found, group, stroke, factor)
    return [Normalized(pixels, len(found.groups), ink.contrast, traits)]


def _traits(found: Grouping, group: Group, stroke: float, factor: int) -> Traits:
    left, top, right, bottom = group.box
    height, width = found.labels.shape
    shorter, longer = sorted((right - left, bottom - top))
    reached = (left == 0) + (top == 0) + (right == width) + (bottom == height)
    return Traits(
        dropped=1 - group.area / found.ink,
        others=found.others(group),
        components=len(group.components),
        stroke=stroke,
        size=float(longer * factor),
        aspect=shorter / longer,
        cut_off=int(reached >= 2),
        along=_along(found.labels, group) if reached >= 2 else 0.0,
    )


def _along(labels: Labels, group: Group) -> float:
    """The share of a border that a group covers, of that one of which it covers second most."""
    left, top, right, bottom = group.box
    height, width = labels.shape
    mask = group.mask(labels)
    borders = (
        (top == 0, mask[0], width),
        (bottom == height, mask[-1], width),
        (left == 0, mask[:, 0], height),
        (right == width, mask[:, -1], height),
    )
    covered = [float(np.count_nonzero(ink)) / side for reached, ink, side in borders if reached]
    return sorted(covered)[-2]


def _shrink(picture: Grey, factor: int) -> Grey:
    """A copy smaller by `factor`; what is left over at the right and the bottom is left out."""
    if factor == 1:
        return picture
    height, width = (max(1, length // factor) for length in picture.shape)
    whole = picture[: height * factor, : width * factor]
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)


def cut_out(ink: Grey, group: Group, labels: Labels) -> Grey:
    """A group's ink on its own, uint8[h, w], its strokes stretched to 255.

    `ink` is the density uint8[H, W] of a picture, `labels` [H, W] tells its pieces apart.
    """
    left, top, right, bottom = group.box
    # A stroke's soft edge lies below the threshold, up to a pixel of the box beyond the mask.
    edge = max(1, round(max(right - left, bottom - top) / BOX))
    height, width = ink.shape
    above, before = min(edge, top), min(edge, left)
    below, after = min(edge, height - bottom), min(edge, width - right)
    mask = cv2.copyMakeBorder(group.mask(labels), above, below, before, after, cv2.BORDER_CONSTANT)
    density = ink[top - above : bottom + below, left - before : right + after]
    counts = cv2.calcHist([density], [0], mask, [256], [0, 256]).ravel().cumsum()
    full = max(1, int(np.searchsorted(counts, _INSIDE * counts[-1])))
    density = cv2.convertScaleAbs(density, alpha=255 / full)
    near = cv2.dilate(mask, _square(2 * edge + 1))
    density = cv2.bitwise_and(density, near)
    _, density = cv2.threshold(density, 255 * _FAINTEST, 0, cv2.THRESH_TOZERO)
    x, y, width, height = cv2.boundingRect(density)
    return density[y : y + height, x : x + width]


@cache
def _square(side: int) -> Grey:
    return np.ones((side, side), np.uint8)
