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


SURFACES: tuple[Surface, ...] = (_noisy, _spotted, _blocks, _waves, _objects, _dirt)
