"""Noise, made once and cut from at random places: what makes pictures quick to draw."""

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

SIDE = 1536


class Texture:
    """Fields of mean 0 and standard deviation 1, from a sensor's noise to a shadow's clouds.

    texture = Texture(seed=20)
    noisy = picture + 3 * texture.noise(picture.shape, rng)
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 77])
        white = rng.standard_normal((SIDE, SIDE)).astype(np.float32)
        self._noise = white
        self._grain = _unit(cv2.GaussianBlur(white, (0, 0), 1.1))
        coarse = rng.standard_normal((SIDE, SIDE)).astype(np.float32)
        self._blotches = _unit(cv2.GaussianBlur(coarse, (0, 0), 5))
        small = rng.standard_normal((SIDE // 16, SIDE // 16)).astype(np.float32)
        clouds = cv2.resize(cv2.GaussianBlur(small, (0, 0), 2.5), (SIDE, SIDE))
        self._clouds = _unit(clouds)

    def noise(self, shape: tuple[int, ...], rng: np.random.Generator) -> Field:
        """A value a pixel."""
        return _cut(self._noise, shape, rng)

    def grain(self, shape: tuple[int, ...], rng: np.random.Generator) -> Field:
        """Two or three pixels wide: paper's tooth, film."""
        return _cut(self._grain, shape, rng)

    def blotches(self, shape: tuple[int, ...], rng: np.random.Generator) -> Field:
        """About ten pixels wide: fibres, stains."""
        return _cut(self._blotches, shape, rng)

    def clouds(self, shape: tuple[int, ...], rng: np.random.Generator) -> Field:
        """About a hundred pixels wide: uneven light."""
        return _cut(self._clouds, shape, rng)


def _unit(field: Field) -> Field:
    unit: Field = (field - field.mean()) / field.std()
    return unit


def _cut(field: Field, shape: tuple[int, ...], rng: np.random.Generator) -> Field:
    """A part of a field, uint view: at most 1,024 pixels a side."""
    top, left = (int(rng.integers(0, SIDE - n + 1)) for n in shape)
    return field[top : top + shape[0], left : left + shape[1]]
