"""Pictures on which nobody has written: noises, patterns, objects out of focus."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_train.texture import Texture

Picture = NDArray[np.uint8]
Field = NDArray[np.float32]
Surface = Callable[[Texture, np.random.Generator], Picture]


def _shape(rng: np.random.Generator) -> tuple[int, int]:
    height, width = (np.exp(rng.uniform(np.log(24), np.log(320), 2))).astype(int).tolist()
    # Long strips are seldom sent.
    return max(height, width // 2), max(width, height // 2)


def _between(cover: Field, rng: np.random.Generator) -> Picture:
    """A cover of about 0 to 1 between two random grey levels."""
    first = rng.uniform(0, 255)
    second = np.clip(first + rng.choice([-1, 1]) * rng.uniform(8, 200), 0, 255)
    values = np.clip(cover, 0, 1) * np.float32(second - first) + np.float32(first)
    return np.clip(values, 0, 255).astype(np.uint8)


def _noisy(texture: Texture, rng: np.random.Generator) -> Picture:
    shape = _shape(rng)
    kinds = texture.noise, texture.grain, texture.blotches, texture.clouds
    field = kinds[int(rng.integers(4))](shape, rng) * np.float32(rng.uniform(0.1, 0.5)) + 0.5
    return _between(field, rng)


def _spotted(texture: Texture, rng: np.random.Generator) -> Picture:
    """Noise cut at a level: camouflage, islands, dirt."""
    shape = _shape(rng)
    kinds = texture.grain, texture.blotches, texture.blotches, texture.clouds
    field = kinds[int(rng.integers(4))](shape, rng)
    return _between(((field - np.float32(rng.uniform(-0.5, 2.5))) * 4).astype(np.float32), rng)


def _blocks(texture: Texture, rng: np.random.Generator) -> Picture:  # noqa: ARG001 (as its like)
    """A few random values, enlarged: tiles, or blurred objects."""
    shape = _shape(rng)
    small = rng.random((int(rng.integers(2, 14)), int(rng.integers(2, 14)))).astype(np.float32)
    way = int(rng.choice([cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    return _between(cv2.resize(small, shape[::-1], interpolation=way), rng)


def _waves(texture: Texture, rng: np.random.Generator) -> Picture:  # noqa: ARG001 (as its like)
    """Two crossing waves: cloth, blinds, moire."""
    height, width = _shape(rng)
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None]
    cover = np.full((height, width), 0.5, np.float32)
    for _ in range(int(rng.integers(1, 3))):
        angle, length = rng.uniform(0, np.pi), rng.uniform(4, max(8, width / 2))
        phase = (x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))) * np.float32(
            6.28 / length
        )
        cover += np.float32(rng.choice([0.3, 1.5])) * np.sin(phase)
    return _between(cover, rng)


def _objects(texture: Texture, rng: np.random.Generator) -> Picture:
    """Filled and outlined shapes over each other, as in photos of things."""
    height, width = _shape(rng)
    picture = np.full((height, width), rng.uniform(0, 255), np.float32)
    for _ in range(int(rng.integers(1, 7))):
        shade = float(rng.uniform(0, 255))
        if rng.random() < 0.5:
            corners = (rng.uniform(0, 1, (int(rng.integers(3, 7)), 2)) * (width, height)).astype(
                np.int32
            )
            cv2.fillPoly(picture, [corners], shade, cv2.LINE_AA)
        else:
            centre = int(rng.integers(0, width)), int(rng.integers(0, height))
            axes = int(rng.integers(2, width)), int(rng.integers(2, height))
            cv2.ellipse(
                picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, shade, -1, cv2.LINE_AA
            )
    if rng.random() < 0.6:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.5, 6)))
    picture += texture.noise(picture.shape, rng) * np.float32(rng.exponential(3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def _dirt(texture: Texture, rng: np.random.Generator) -> Picture:
    """A sheet with a few specks, hairs and blots."""
    height, width = _shape(rng)
    paper = float(rng.uniform(150, 255))
    picture = np.full((height, width), paper, np.uint8)
    for _ in range(int(rng.integers(1, 12))):
        at = int(rng.integers(0, width)), int(rng.integers(0, height))
        shade = float(paper * rng.uniform(0.2, 0.9))
        if rng.random() < 0.7:
            cv2.circle(picture, at, int(rng.integers(0, 2 + width // 30)), shade, -1, cv2.LINE_AA)
        else:
            to = at[0] + int(rng.normal(0, width / 8)), at[1] + int(rng.normal(0, height / 8))
            cv2.line(picture, at, to, shade, 1, cv2.LINE_AA)
    grain = texture.grain(picture.shape, rng) * np.float32(rng.exponential(2))
    picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    return 255 - picture if rng.random() < 0.2 else picture


def _bars(texture: Texture, rng: np.random.Generator) -> Picture:
    """Bars side by side, of one width or many, more often upright: fences, cloth, shutters."""
    height, width = _shape(rng)
    length = max(height, width)
    angle = rng.normal(0, 8) + (90 if rng.random() < 0.35 else 0)
    pitch = rng.uniform(0.04, 0.5) * length
    uneven = rng.choice([0, 0, 0.3])
    steps = pitch * (1 + uneven * rng.uniform(-1, 1, 64))
    share = rng.uniform(0.15, 0.85)
    bars = np.zeros((1, 2 * length), np.float32)
    for start, step in zip(np.cumsum(steps) - rng.uniform(0, 2) * pitch, steps, strict=True):
        bars[0, max(0, int(start)) : max(0, int(start + share * step))] = 1
    cover = np.tile(bars, (2 * length, 1))
    turn = cv2.getRotationMatrix2D((float(length), float(length)), angle, 1.0)
    turn[:, 2] += (width / 2 - length, height / 2 - length)
    cover = cv2.warpAffine(cover, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.5:
        cover = cv2.GaussianBlur(cover, (0, 0), max(0.3, rng.uniform(0, 0.35) * pitch))
    noise = texture.noise((height, width), rng) * np.float32(rng.exponential(0.02))
    return _between((cover + noise).astype(np.float32), rng)


def _tiles(texture: Texture, rng: np.random.Generator) -> Picture:
    """Fields of two shades in turn, now and then with joints: floors, boards, walls of brick."""
    height, width = _shape(rng)
    rows, columns = rng.integers(2, 14, 2).tolist()
    pattern = np.indices((rows, columns)).sum(axis=0) % 2
    cover = cv2.resize(pattern.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST)
    if rng.random() < 0.4:
        joint = max(1, round(rng.uniform(0.05, 0.2) * min(height / rows, width / columns)))
        dot = np.ones((joint + 1, joint + 1), np.uint8)
        joints = cv2.morphologyEx(cover, cv2.MORPH_GRADIENT, dot)
        cover = joints if rng.random() < 0.5 else np.maximum(cover, joints)
    cover = cover + texture.grain((height, width), rng) * np.float32(rng.exponential(0.05))
    return _between(cover.astype(np.float32), rng)


def _shaded(texture: Texture, rng: np.random.Generator) -> Picture:
    """Light that falls off, to a side, to all, or from a lamp in the picture."""
    height, width = _shape(rng)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] - np.float32(rng.uniform(-1.2, 1.2))
    x = np.linspace(-1, 1, width, dtype=np.float32)[None] - np.float32(rng.uniform(-1.2, 1.2))
    if rng.random() < 0.5:
        cover = 1 / (1 + np.float32(rng.uniform(0.3, 6)) * (x * x + y * y))
    else:
        along = x * np.float32(rng.normal()) + y * np.float32(rng.normal())
        cover = 1 / (1 + np.exp(-np.float32(rng.uniform(0.3, 4)) * along))
    noise = texture.noise((height, width), rng) * np.float32(rng.exponential(0.02))
    return _between((cover + noise).astype(np.float32), rng)


def _veined(texture: Texture, rng: np.random.Generator) -> Picture:
    """Lines that a slow field bends: wood, water, finger prints."""
    height, width = _shape(rng)
    y, x = np.indices((height, width), np.float32)
    along = x * np.float32(rng.normal()) + y * np.float32(rng.normal())
    field = texture.clouds((height, width), rng) * np.float32(rng.uniform(0.2, 4))
    wave = np.sin(along / np.float32(rng.uniform(0.03, 0.2) * max(height, width)) + field)
    return _between((0.5 + np.float32(rng.choice([0.5, 2])) * wave).astype(np.float32), rng)


SURFACES: tuple[Surface, ...] = (
    _noisy,
    _spotted,
    _blocks,
    _waves,
    _objects,
    _dirt,
    _bars,
    _tiles,
    _shaded,
    _veined,
)
