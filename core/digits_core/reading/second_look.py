"""A second look at a page that leaves doubts, on a copy at another scale.

How large characters are, and how they lie on the net's cells, decides where it errs: the
mean of two looks is right more often than either.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.image import Page
from digits_core.image.page import MOST_PIXELS, STRIDE
from digits_core.reading.detector import CLASSES, MOST_CHARACTERS, Character, apart, height
from digits_core.reading.nets import Nets

# So tall characters are on the copy. From 20 to 30 all does about as well on composed pages of
# other seeds than any table's; the less, the sooner it is looked at.
_TALL = 22
# Neither the grains of textures nor what fills a page is brought to that height in full.
_REDUCED, _ENLARGED = 0.5, 1.5
# What is less likely there, or more, and so likely this rather than that, leaves no doubt. (The net
# has learnt to be no surer than 0.9.)
_PERHAPS_THERE, _SURELY_THERE = 0.3, 0.6
_SURELY_THIS = 0.8
# Boxes that share so much of their union are of one character.
_SAME = 0.4
# A box counts as so wide at least, for its height, and as so high for its width.
_FULL = 0.5
# Log-odds of presence end where float64 does not tell a probability from 1.
_LEAST = 1e-9


def look_again(nets: Nets, page: Page, found: list[Character], least: float) -> list[Character]:
    """The characters of a page as both looks have it, the surest first.

    `found` are those of the first look, whose presence was at least `least`, as are those
    that come back. Where these leave no doubt, or are more than can be read, there is no
    second look.
    """
    tall = height(found)
    if not tall or len(found) > MOST_CHARACTERS or not any(map(_is_doubtful, found)):
        return found
    scale = min(max(_TALL / tall, _REDUCED), _ENLARGED)
    scale = min(scale, math.sqrt(MOST_PIXELS / page.pixels.size))
    again = _Found.of(nets.find(_copy(page.pixels, scale), least))
    return _together(_Found.of(found), replace(again, boxes=again.boxes / scale), least)


def _is_doubtful(character: Character) -> bool:
    """Whether it may be there or not, or is there and may be this or that."""
    if character.presence >= _SURELY_THERE:
        odds = np.exp(character.logits - character.logits.max())
        return float(odds.sum()) * _SURELY_THIS > 1
    return character.presence >= _PERHAPS_THERE


def _copy(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """The page larger by `scale`, its sides multiples of `STRIDE` again."""
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    copy = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how)
    high, wide = copy.shape
    return cv2.copyMakeBorder(
        copy, 0, -high % STRIDE, 0, -wide % STRIDE, cv2.BORDER_CONSTANT, value=0
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """N characters in columns: boxes, log-odds of presence, logarithms of the classes' shares."""

    boxes: NDArray[np.float64]
    odds: NDArray[np.float64]
    shares: NDArray[np.float32]

    @classmethod
    def of(cls, characters: Sequence[Character]) -> Self:
        logits = np.array([c.logits for c in characters], np.float32).reshape(-1, CLASSES)
        steady = logits - logits.max(axis=1, keepdims=True)
        return cls(
            np.array([c.box for c in characters]).reshape(-1, 4),
            _odds(np.array([c.presence for c in characters])),
            steady - np.log(np.exp(steady).sum(axis=1, keepdims=True)),
        )

    def at(self, places: NDArray[np.intp]) -> Self:
        return type(self)(self.boxes[places], self.odds[places], self.shares[places])


def _together(first: _Found, second: _Found, least: float) -> list[Character]:
    """The mean of two looks: boxes, log-odds of presence, logarithms of the classes' shares.

    What one look alone finds was for the other just less likely there than it tells.
    """
    own, its = _pairs(_filled(first.boxes), _filled(second.boxes))
    one, other = first.at(own), second.at(its)
    rest = [
        each.at(np.setdiff1d(np.arange(len(each.odds)), there))
        for each, there in ((first, own), (second, its))
    ]
    doubts = [(each.odds + _odds(np.array(least))) / 2 for each in rest]
    odds = np.concatenate([(one.odds + other.odds) / 2, *doubts])
    boxes = np.concatenate([(one.boxes + other.boxes) / 2, *(each.boxes for each in rest)])
    shares = np.concatenate([(one.shares + other.shares) / 2, *(each.shares for each in rest)])
    presence = 1 / (1 + np.exp(-odds))
    order = (-presence).argsort(kind="stable")
    order = order[presence[order] >= least]
    return [
        Character(left, top, right, bottom, float(presence[place]), shares[place])
        for place in order[apart(boxes[order])].tolist()
        for left, top, right, bottom in [boxes[place].tolist()]
    ]


def _filled(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes [N, 4] of which no side is much shorter than the other: a 1 may miss its own self."""
    middles, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    halves = np.maximum(sizes, _FULL * sizes.max(axis=1, keepdims=True)) / 2
    return np.concatenate([middles - halves, middles + halves], axis=1)


def _pairs(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of boxes [N, 4] and [M, 4], each of which shares most with the other of the two."""
    if not len(first) or not len(second):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    shared = _common(first, second, 0) * _common(first, second, 1)
    areas = _areas(first)[:, None] + _areas(second)
    overlap = shared / np.maximum(areas - shared, _LEAST)
    own = np.arange(len(first))
    its = overlap.argmax(axis=1)
    chosen = (overlap[own, its] >= _SAME) & (overlap.argmax(axis=0)[its] == own)
    return own[chosen], its[chosen]


def _common(
    first: NDArray[np.float64], second: NDArray[np.float64], axis: int
) -> NDArray[np.float64]:
    """How much of their width, or with axis 1 of their height, boxes share: [N, M]."""
    low = np.maximum(first[:, None, axis], second[:, axis])
    high = np.minimum(first[:, None, axis + 2], second[:, axis + 2])
    return np.maximum(high - low, 0)


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    areas: NDArray[np.float64] = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return areas


def _odds(presence: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = np.clip(presence, _LEAST, 1 - _LEAST)
    odds: NDArray[np.float64] = np.log(kept / (1 - kept))
    return odds
