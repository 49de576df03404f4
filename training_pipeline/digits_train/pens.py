"""Draws pen strokes as MNIST-like pictures.

Digits (pendigits) and other characters (Omniglot, scribbles) go through the
same pen, so that "was drawn by this pen" says nothing about the class.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Stroke = NDArray[np.float32]
"""float32[points, 2]: x to the right, y downward, any unit."""

SIDE = 28
BOX = 20
CENTRE = 14
CANVAS = 8 * BOX
"""Strokes are drawn at eight times MNIST's size, so that reducing them gives its grey edges."""


def frame(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Place the ink of a picture as MNIST does.

    `ink` is uint8[H, W], white on black, any size. The longer side of its
    bounding box becomes 20 pixels, its centre of mass comes to (14, 14) of the
    uint8[28, 28] returned. A picture without ink gives a black one.
    """
    placed = np.zeros((SIDE, SIDE), np.uint8)
    left, top, width, height = cv2.boundingRect((ink > 32).astype(np.uint8))
    if not width:
        return placed
    scale = BOX / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(ink[top : top + height, left : left + width], size, interpolation=kind)
    # The 20 pixels always fit, but a very lopsided shape would leave the frame.
    moments = cv2.moments(small)
    x, y = (
        int(np.clip(round(CENTRE - moments[m] / max(moments["m00"], 1e-6)), 0, SIDE - n))
        for m, n in (("m10", size[0]), ("m01", size[1]))
    )
    placed[y : y + size[1], x : x + size[0]] = small
    return placed


def draw(strokes: Sequence[Stroke], width: float) -> NDArray[np.uint8]:
    """Draw strokes with a round pen and place them as MNIST does.

    `width` is the pen's in pixels of the result, MNIST's is 2 to 3.5. Returns
    uint8[28, 28], white on black.
    """
    points = np.concatenate(list(strokes))
    low, high = points.min(axis=0), points.max(axis=0)
    pen = max(1, round(width * CANVAS / BOX))
    scale = (CANVAS - pen) / max(float((high - low).max()), 1e-6)
    canvas = np.zeros((CANVAS + 2 * pen, CANVAS + 2 * pen), np.uint8)
    for stroke in strokes:
        # Four fractional bits keep the curve smooth; a dot is a line of no length.
        line = np.round(((stroke - low) * scale + 1.5 * pen) * 16).astype(np.int32)
        cv2.polylines(canvas, [line], len(line) == 1, 255, pen, cv2.LINE_AA, shift=4)
    return frame(canvas)


def smooth(points: NDArray[np.floating], per_span: int = 8) -> Stroke:
    """A Catmull-Rom curve through float[n, 2] points, `per_span` samples from one to the next."""
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, per_span, endpoint=False)[None, :, None]
    a, b, c, d = (p[:, None, :] for p in (before, start, end, after))
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    return np.concatenate([curve.reshape(-1, 2), points[-1:]]).astype(np.float32)


def wobble(strokes: Sequence[Stroke], rng: np.random.Generator) -> list[Stroke]:
    """Move the points by about a fiftieth of the character's size, smoothly along a stroke."""
    points = np.concatenate(list(strokes))
    size = float((points.max(axis=0) - points.min(axis=0)).max())
    moved = []
    for stroke in strokes:
        knots = rng.normal(0, 0.02 * size, (6, 2))
        at = np.linspace(0, 5, len(stroke))
        shift = np.stack([np.interp(at, np.arange(6), knots[:, axis]) for axis in (0, 1)], axis=1)
        moved.append((stroke + shift).astype(np.float32))
    return moved


def pen_width(rng: np.random.Generator) -> float:
    """A stroke width in pixels: MNIST's 2 to 3.5 mostly, now and then a thinner or thicker pen."""
    return float(np.clip(rng.normal(2.7, 0.6), 1.5, 4.5))
