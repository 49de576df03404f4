"""Digits that we wrote ourselves, as strokes, and pictures of them on paper.

Canary and golden pictures come from here, so that the repository needs nobody
else's. Two styles a digit; a stroke is its kind, "curve" (smooth through its
knots) or "line", and its knots "x,y" in a box 100 wide and 140 high, y downward.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_train.pens import Stroke, smooth

WIDTH, HEIGHT = 100.0, 140.0
STYLES = 2

_STROKES: dict[int, tuple[str, str]] = {
    0: (
        "curve 52,3 20,22 6,70 20,120 52,137 82,118 94,70 82,24 52,3",
        "curve 64,8 32,14 10,52 8,100 34,134 70,122 92,78 88,30 60,6 46,14",
    ),
    1: (
        "line 50,3 50,137",
        "line 18,36 54,4 54,136; line 20,136 88,136",
    ),
    2: (
        "curve 10,34 30,6 66,6 86,34 72,70 36,106 8,136; line 8,136 94,134",
        "curve 12,28 40,4 78,18 80,56 48,100 20,128 8,120 22,108 48,124 76,134 96,120",
    ),
    3: (
        "curve 12,18 44,3 78,18 76,50 40,66; curve 40,66 78,76 90,106 64,134 28,134 6,116",
        "line 12,5 84,5 40,58; curve 40,58 76,66 90,96 72,130 34,137 8,122",
    ),
    4: (
        "line 62,4 6,92 96,92; line 68,52 66,137",
        "line 22,6 14,70 86,68; line 80,6 74,137",
    ),
    5: (
        "line 84,5 24,6 17,62; curve 17,62 50,50 84,68 88,104 60,134 24,133 6,116",
        "curve 22,8 18,34 15,60; curve 15,60 48,52 80,72 82,110 52,136 10,128; line 22,8 90,4",
    ),
    6: (
        "curve 76,4 40,28 14,74 14,116 44,137 78,122 84,90 58,72 26,84 14,112",
        "curve 48,3 24,44 12,92 22,128 54,136 84,116 78,84 48,78 20,98",
    ),
    7: (
        "line 8,8 92,6 38,137",
        "curve 8,14 34,8 60,10 90,5; curve 90,5 62,60 44,137; line 30,72 82,68",
    ),
    8: (
        "curve 80,22 52,3 22,20 28,50 62,74 88,104 66,135 28,133 12,106 36,74 70,50 80,22",
        (
            "curve 50,66 24,48 22,18 50,3 78,18 76,48 50,66; curve 50,66 18,86 14,118 50,137 "
            "86,118 82,86 50,66"
        ),
    ),
    9: (
        "curve 84,34 60,5 26,12 12,44 34,72 66,64 84,34; curve 84,34 80,80 62,137",
        "curve 82,22 46,4 16,28 22,62 56,68 82,24; curve 82,24 84,76 74,118 44,136 14,124",
    ),
}


def strokes(digit: int, style: int = 0) -> list[Stroke]:
    """The strokes of `digit`, 0 to 9, in `style`, 0 or 1, in the 100 x 140 box."""
    return parse(_STROKES[digit][style])


def parse(notation: str) -> list[Stroke]:
    """The strokes of "kind x,y x,y ...; kind ...", in the units of the notation."""
    drawn = []
    for part in notation.split(";"):
        kind, *knots = part.split()
        points = np.array([knot.split(",") for knot in knots], np.float32)
        drawn.append(smooth(points) if kind == "curve" else points)
    return drawn


def drawing(
    digit: int,
    style: int = 0,
    *,
    side: int = 280,
    pen: float = 14.0,
    ink: int = 30,
    paper: int = 245,
    fill: float = 0.6,
    at: tuple[float, float] = (0.5, 0.5),
) -> NDArray[np.uint8]:
    """Draw `digit` on paper: uint8[side, side].

    `pen` is the stroke's width in pixels, `ink` and `paper` are grey levels,
    `fill` is the part of the side that the digit's height takes, `at` where
    its middle lies, as parts of the side.
    """
    scale = fill * side / HEIGHT
    corner = np.array(at) * side - scale * np.array([WIDTH, HEIGHT]) / 2
    mask = np.zeros((side, side), np.uint8)
    for stroke in strokes(digit, style):
        line = np.round((stroke * scale + corner) * 16).astype(np.int32)
        cv2.polylines(mask, [line], False, 255, max(1, round(pen)), cv2.LINE_AA, shift=4)
    cover = mask.astype(np.float32) / 255
    return np.round(paper + (ink - paper) * cover).astype(np.uint8)


def png(picture: NDArray[np.uint8]) -> bytes:
    """The picture as a PNG file's content."""
    return cv2.imencode(".png", picture)[1].tobytes()
