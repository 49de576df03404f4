"""Procedural paper: what lies under and beside the ink.

Papers are float32[H, W] in grey levels, of a colour's brightness: what a
decoded picture keeps of a colour is its grey. `size` is the longer side of the
digit that will be written, in pixels: lines and boxes are made to fit it.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_train.texture import Texture

Field = NDArray[np.float32]
Mask = NDArray[np.uint8]
Shape = tuple[int, int]


def sheet(shape: Shape, level: float, texture: Texture, rng: np.random.Generator) -> Field:
    """Blank paper of about one grey level: tooth, fibres, now and then a crease or a stain."""
    paper = np.full(shape, level, np.float32)
    if rng.random() < 0.7:
        paper += texture.grain(shape, rng) * np.float32(rng.uniform(0.3, 3))
    if rng.random() < 0.35:
        paper += texture.blotches(shape, rng) * np.float32(rng.uniform(0.5, 4))
    if rng.random() < 0.08:
        _line(paper, shape, rng.uniform(0, np.pi), -rng.uniform(4, 20), 2)
    if rng.random() < 0.06:
        centre = tuple(int(rng.integers(0, n)) for n in shape[::-1])
        stain = np.zeros(shape, np.float32)
        cv2.circle(stain, centre, int(rng.integers(4, max(shape) // 4 + 5)), 1, -1)
        paper -= cv2.blur(stain, (9, 9)) * np.float32(rng.uniform(3, 25))
    return paper


def rule(paper: Field, size: int, rng: np.random.Generator) -> None:
    """Print lines, squares or dots on the paper, in place."""
    height, width = paper.shape
    depth = float(rng.uniform(6, 50) * rng.choice([-1, -1, -1, 1]))
    squared = rng.random() < 0.45
    gap = max(6.0, size * (rng.uniform(0.22, 0.9) if squared else rng.uniform(0.5, 2.0)))
    thick = max(1, round(gap * rng.uniform(0.01, 0.05)))
    lines = np.zeros(paper.shape, np.uint8)
    tilt = rng.normal(0, 0.03)
    if squared and rng.random() < 0.12:
        offset = int(rng.uniform(0, gap))
        lines[offset :: round(gap), offset :: round(gap)] = 255
        lines = cv2.dilate(lines, np.ones((thick + 1, thick + 1), np.uint8))
    else:
        for y in np.arange(rng.uniform(0, gap), height, gap):
            ends = _fixed(0, y), _fixed(width, y + tilt * width)
            cv2.line(lines, *ends, 255, thick, cv2.LINE_AA, shift=4)
        if squared or rng.random() < 0.15:
            columns = np.arange(rng.uniform(0, gap), width, gap if squared else 4 * width)
            for x in columns:
                ends = _fixed(x, 0), _fixed(x - tilt * height, height)
                cv2.line(lines, *ends, 255, thick, cv2.LINE_AA, shift=4)
    paper -= lines * np.float32(depth / 255)


def box(paper: Field, at: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    """Print the box of a form field round `at` (left, top, width, height), in place."""
    left, top, width, height = at
    size = max(width, height)
    room = rng.uniform(0.12, 0.6, 4) * size
    corners = (
        _fixed(left - room[0], top - room[1]),
        _fixed(left + width + room[2], top + height + room[3]),
    )
    frame = np.zeros(paper.shape, np.uint8)
    thick = max(1, round(size * rng.uniform(0.008, 0.04)))
    cv2.rectangle(frame, *corners, 255, thick, cv2.LINE_AA, shift=4)
    if rng.random() < 0.4:  # the next field of the row
        step = round((corners[1][0] - corners[0][0]) * (1 + rng.uniform(0, 0.2)))
        moved = [(x + step, y) for x, y in corners]
        cv2.rectangle(frame, *moved, 255, thick, cv2.LINE_AA, shift=4)
    paper -= frame * np.float32(rng.uniform(25, 150) / 255)


def show_through(paper: Field, others: Sequence[Mask], rng: np.random.Generator) -> None:
    """The back side's writing, mirrored, pale and soft, in place."""
    height, width = paper.shape
    for _ in range(int(rng.integers(1, 4))):
        other = others[int(rng.integers(len(others)))][:, ::-1][:height, :width]
        top = int(rng.integers(0, height - other.shape[0] + 1))
        left = int(rng.integers(0, width - other.shape[1] + 1))
        soft = cv2.blur(other, (5, 5))
        spot = paper[top : top + other.shape[0], left : left + other.shape[1]]
        spot -= soft * np.float32(rng.uniform(2, 14) / 255)


def shade(picture: Field, texture: Texture, rng: np.random.Generator) -> None:
    """Uneven light and shadows, multiplied into the picture in place."""
    shape = picture.shape
    light = np.ones(shape, np.float32)
    if rng.random() < 0.8:
        slope = rng.normal(0, 0.13, 2).astype(np.float32)
        across = np.linspace(-1, 1, shape[1], dtype=np.float32)[None]
        light += (
            slope[0] * across + slope[1] * np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
        )
    if rng.random() < 0.5:
        light += texture.clouds(shape, rng) * np.float32(rng.uniform(0.02, 0.12))
    if rng.random() < 0.3:
        light *= _shadow(shape, rng)
    picture *= np.clip(light, 0.2, 1.4)


def _shadow(shape: Shape, rng: np.random.Generator) -> Field:
    """The shadow of a hand or a phone: a half plane or a disc with a soft edge."""
    small = np.ones((32, 32), np.float32)
    dark = float(rng.uniform(0.45, 0.85))
    if rng.random() < 0.6:
        angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(-10, 10)
        y, x = np.indices(small.shape) - 15.5
        small[x * np.cos(angle) + y * np.sin(angle) > away] = dark
    else:
        # Mostly from outside: what lies wholly within the picture is a blot, not a shadow.
        x, y = (int(v) for v in rng.integers(-12, 44, 2))
        cv2.circle(small, (x, y), int(rng.integers(10, 22)), dark, -1)
    small = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.8, 3.5)))
    return cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR)


def _line(paper: Field, shape: Shape, angle: float, depth: float, thick: int) -> None:
    middle = np.array(shape[::-1]) / 2
    along = np.array([np.cos(angle), np.sin(angle)]) * max(shape)
    line = np.zeros(shape, np.float32)
    ends = [tuple(int(v) for v in middle + sign * along) for sign in (-1, 1)]
    cv2.line(line, ends[0], ends[1], 1, thick)
    paper += cv2.blur(line, (3, 3)) * np.float32(depth)


def _fixed(x: float, y: float) -> tuple[int, int]:
    return round(x * 16), round(y * 16)
