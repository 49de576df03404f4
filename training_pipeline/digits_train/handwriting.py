"""The pen simulator: strokes become ink as pens, pencils, markers, mice and fingers leave it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_train.pens import Stroke
from digits_train.texture import Texture

Mask = NDArray[np.uint8]
"""Ink, uint8[H, W], 255 where it covers the paper."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How a tool writes.

    `width` is the range of stroke widths as shares of the character's longer
    side, `pressure` how much the width varies along a stroke, `tremble` how
    far points leave their line, `grain` how much of the paper's tooth shows
    through, `hard` the share drawn without grey edges.
    """

    share: float
    width: tuple[float, float]
    pressure: float = 0.0
    tremble: float = 0.0
    grain: float = 0.0
    hard: float = 0.0


PENS = {
    "ball": Pen(0.22, (0.025, 0.075), pressure=0.25),
    "fountain": Pen(0.08, (0.04, 0.11), pressure=0.5),
    "pencil": Pen(0.14, (0.03, 0.09), pressure=0.3, grain=1.0),
    "marker": Pen(0.14, (0.08, 0.19), pressure=0.1),
    "brush": Pen(0.22, (0.04, 0.15)),
    "mouse": Pen(0.09, (0.02, 0.12), tremble=0.012, hard=0.5),
    "finger": Pen(0.06, (0.12, 0.24), pressure=0.12),
    "hairline": Pen(0.05, (0.0, 0.0), hard=0.4),
}
_NAMES = tuple(PENS)
_SHARES = np.cumsum([pen.share for pen in PENS.values()])

# The deviation of the logarithm of the power that coordinates are taken to, across and down: with
# a third more some 1 lose the slope of their flags and are 7.
_PROPORTIONS = (0.12, 0.2)
# Points further apart than this share of the character are not worth a width of their own.
_STEP = 0.05
_MARGIN = 2


def choose(rng: np.random.Generator) -> Pen:
    """A pen, each as often as its share says."""
    index = int(np.searchsorted(_SHARES, rng.random() * _SHARES[-1], side="right"))
    return PENS[_NAMES[index]]


def reshape(strokes: Sequence[Stroke], rng: np.random.Generator) -> list[Stroke]:
    """Other proportions: what lies at one end gets shorter, at the other longer.

    Hands differ most in the size of loops, flags and tails.
    """
    points = np.concatenate(list(strokes))
    low = points.min(axis=0)
    size = np.maximum(np.ptp(points, axis=0), 1e-6)
    power = np.exp(rng.normal(0, _PROPORTIONS))
    return [
        (low + size * ((stroke - low) / size) ** power).astype(np.float32) for stroke in strokes
    ]


def vary(strokes: Sequence[Stroke], rng: np.random.Generator, strength: float) -> list[Stroke]:
    """Another hand: the whole turned, slanted and stretched, each stroke shifted and bent.

    `strength` 1 is a different person's, 0 nothing. Returns strokes about the
    origin whose longer side is 1.
    """
    points = np.concatenate(list(strokes))
    low, high = points.min(axis=0), points.max(axis=0)
    size = max(float((high - low).max()), 1e-6)
    middle = (low + high) / 2
    angle = rng.normal(0, 0.09 * strength)
    slant = rng.normal(0, 0.16 * strength)
    aspect = np.exp(rng.normal(0, 0.13 * strength))
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]]) @ np.array([[1, 0], [slant, 1]])
    turn = np.diag([aspect, 1 / aspect]) @ turn / size
    moved = []
    for stroke in strokes:
        written = (stroke - middle) @ turn + rng.normal(0, 0.012 * strength, 2)
        knots = rng.normal(0, 0.018 * strength, (5, 2))
        at = np.linspace(0, 4, len(stroke))
        low_knot = np.minimum(at.astype(int), 3)
        part = (at - low_knot)[:, None]
        # A smooth step from knot to knot, so that the bends have no corners.
        part = part * part * (3 - 2 * part)
        moved.append(written + knots[low_knot] * (1 - part) + knots[low_knot + 1] * part)
    everything = np.concatenate(moved)
    spread = max(float(np.ptp(everything, axis=0).max()), 1e-6)
    return [((stroke - everything.mean(axis=0)) / spread).astype(np.float32) for stroke in moved]


def write(
    strokes: Sequence[Stroke], size: int, pen: Pen, texture: Texture, rng: np.random.Generator
) -> Mask:
    """Write strokes, as `vary` returns them, `size` pixels tall or wide with `pen`."""
    share = rng.uniform(*pen.width)
    width = max(1.0, share * size)
    scale = max(size - width, 0.5 * size)
    points = [stroke * scale for stroke in strokes]
    if pen.tremble:
        points = [p + rng.normal(0, pen.tremble * size, p.shape) for p in _thinned(points, size)]
    everything = np.concatenate(points)
    low, high = everything.min(axis=0), everything.max(axis=0)
    edge = _MARGIN + width * (0.5 + pen.pressure)
    shape = np.ceil(high - low + 2 * edge).astype(int)
    mask = np.zeros((int(shape[1]), int(shape[0])), np.uint8)
    way = cv2.LINE_8 if rng.random() < pen.hard else cv2.LINE_AA
    for stroke in points:
        line = stroke - low + edge
        if pen.pressure and width > 2 and len(line) > 2:
            _pressed(mask, line, width, pen, size, rng)
        else:
            fixed = np.round(line * 16).astype(np.int32)
            closed = len(fixed) == 1
            cv2.polylines(mask, [fixed], closed, 255, max(1, round(width)), way, shift=4)
    if pen.grain:
        tooth = texture.grain(mask.shape, rng)
        cover = rng.uniform(0.45, 1.1) + rng.uniform(0.1, 0.3) * pen.grain * tooth
        mask = np.clip(mask * np.clip(cover, 0, 1), 0, 255).astype(np.uint8)
    return mask


def _pressed(  # noqa: PLR0917 (one caller)
    mask: Mask,
    line: NDArray[np.floating],
    width: float,
    pen: Pen,
    size: int,
    rng: np.random.Generator,
) -> None:
    """Draw one stroke, thinner where the pen was fast or light."""
    line = _thinned([line], size)[0]
    steps = np.hypot(*np.diff(line, axis=0).T)
    speed = steps / max(float(steps.mean()), 1e-6)
    press = np.interp(np.linspace(0, 3, len(steps)), np.arange(4), rng.normal(0, 1, 4))
    widths = width * np.clip(
        1 + pen.pressure * (0.5 * press - 0.35 * (speed - 1)), 1 - pen.pressure, 1 + pen.pressure
    )
    fixed = np.round(line * 16).astype(np.int32).tolist()
    for start, end, thick in zip(fixed[:-1], fixed[1:], widths.tolist(), strict=True):
        cv2.line(mask, start, end, 255, max(1, round(thick)), cv2.LINE_AA, shift=4)


def _thinned(strokes: Sequence[NDArray[np.floating]], size: int) -> list[NDArray[np.floating]]:
    """Fewer points where they lie closer than a pen would show."""
    thinned = []
    for stroke in strokes:
        length = float(np.hypot(*np.diff(stroke, axis=0).T).sum())
        wanted = max(3, round(length / (_STEP * size)))
        every = max(1, len(stroke) // wanted)
        thinned.append(np.concatenate([stroke[::every], stroke[-1:]]))
    return thinned


def reink(
    picture: NDArray[np.uint8], size: int, texture: Texture, rng: np.random.Generator
) -> Mask:
    """Write a small or large picture of a character, white on black, anew: `size` pixels long.

    Enlarged and bent in one step, then cut at a level that makes it thinner or
    bolder, with an edge of one or two pixels, as a pen's is.
    """
    left, top, width, height = cv2.boundingRect((picture > 40).astype(np.uint8))
    longer = max(width, height, 4)
    step = longer / size
    margin = 0.12 * longer
    across, down = round((width + margin) / step), round((height + margin) / step)
    angle, slant = rng.normal(0, 0.07), rng.normal(0, 0.1)
    stretch = np.exp(rng.normal(0, 0.08))
    x = (np.arange(across, dtype=np.float32) - across / 2) * np.float32(step * stretch)
    y = (np.arange(down, dtype=np.float32) - down / 2) * np.float32(step / stretch)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    bend = rng.normal(0, 0.017 * longer, (4, 4, 2)).astype(np.float32)
    field = cv2.resize(bend, (across, down), interpolation=cv2.INTER_CUBIC)
    middle = np.array([left + (width - 1) / 2, top + (height - 1) / 2], np.float32)
    map_x = cos * x[None] + (sin + np.float32(slant)) * y[:, None] + middle[0] + field[..., 0]
    map_y = cos * y[:, None] - sin * x[None] + middle[1] + field[..., 1]
    large = cv2.remap(picture, map_x, map_y, cv2.INTER_CUBIC)
    large = cv2.GaussianBlur(large, (0, 0), max(0.6, 0.45 / step))
    # Strokes end at half of white; a lower level makes them bolder.
    level = np.clip(rng.normal(105, 35), 35, 165)
    # What is black stays black, however bold the rest.
    sharp = max(min(8.0, max(2.0, 0.6 / step)), 128 / level)
    mask = cv2.convertScaleAbs(np.maximum((large - np.float32(level)) * np.float32(sharp) + 128, 0))
    if rng.random() < PENS["pencil"].share:
        cover = rng.uniform(0.5, 1.1) + rng.uniform(0.1, 0.3) * texture.grain(mask.shape, rng)
        mask = (mask * np.clip(cover, 0, 1)).astype(np.uint8)
    return mask


Writer = Callable[[int, np.random.Generator], Mask]
"""Writes something about so many pixels large."""
