"""Bends training pictures: one `cv2.remap` over a mosaic of the whole batch.

The mosaic is what makes it fast: a call a batch instead of a call a picture.
Each tile is padded and its source coordinates are clipped to the tile, so
nothing leaks from a neighbour.
"""

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_train.config import Augmentation

T = TypeVar("T", bound=np.generic)

SIDE = 28
PAD = 8
TILE = SIDE + 2 * PAD
COLUMNS = 16
FIELDS = 512


class Augmenter:
    """Bends batches; what comes out depends on the arguments alone.

    augmenter = Augmenter(Augmentation(), seed=20)
    bent = augmenter(images, np.random.default_rng([20, epoch, batch]))
    """

    def __init__(self, settings: Augmentation, seed: int) -> None:
        self._settings = settings
        self._fields = elastic_fields(
            (SIDE, SIDE),
            settings.elastic_sigma,
            settings.elastic_pixels,
            np.random.default_rng([seed, FIELDS]),
        )

    def __call__(
        self,
        images: NDArray[np.uint8],
        rng: np.random.Generator,
        strength: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Return float32[N, 28, 28] in [0, 1] for uint8[N, 28, 28].

        `strength` float32[N] in [0, 1] says how much of the settings each picture
        gets: 0 leaves it as it is, 1, or no `strength` at all, is all of them.
        """
        rows = -(-len(images) // COLUMNS)
        count = rows * COLUMNS
        part = np.ones(count, np.float32)
        if strength is not None:
            part[: len(images)] = strength
        padded = np.zeros((count, SIDE, SIDE), np.uint8)
        padded[: len(images)] = images
        mosaic = np.zeros((rows, TILE, COLUMNS, TILE), np.uint8)
        mosaic[:, PAD:-PAD, :, PAD:-PAD] = _tiles(padded, rows)
        pen = self._pen(mosaic.reshape(rows * TILE, COLUMNS * TILE), part, rng)

        x, y = self._sources(part, rng)
        # A coordinate outside the tile reads the padding, which is black.
        column = np.arange(count) % COLUMNS * TILE + PAD
        row = np.arange(count) // COLUMNS * TILE + PAD
        x = np.clip(x, -PAD, SIDE + PAD - 1) + column[:, None, None].astype(np.float32)
        y = np.clip(y, -PAD, SIDE + PAD - 1) + row[:, None, None].astype(np.float32)
        shape = rows * SIDE, COLUMNS * SIDE
        bent = cv2.remap(
            pen, _tiles(x, rows).reshape(shape), _tiles(y, rows).reshape(shape), cv2.INTER_LINEAR
        )
        pictures = bent.reshape(rows, SIDE, COLUMNS, SIDE).swapaxes(1, 2).reshape(count, SIDE, SIDE)
        return (pictures * self._contrast(part, rng))[: len(images)]

    def _pen(
        self, mosaic: NDArray[np.uint8], part: NDArray[np.float32], rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Thicken, thin or blur some of the tiles, each by a random part of the whole effect."""
        settings = self._settings
        count = len(part)
        rows = count // COLUMNS
        square = np.ones((2, 2), np.uint8)
        kinds = (
            (settings.dilate, cv2.dilate(mosaic, square)),
            (settings.erode, cv2.erode(mosaic, square)),
            (settings.blur, cv2.GaussianBlur(mosaic, (0, 0), 0.8)),
        )
        chosen = rng.random(count)
        strength = rng.uniform(0.3, 1.0, count).astype(np.float32) * part
        changed = mosaic.reshape(rows, TILE, COLUMNS, TILE).astype(np.float32)
        start = 0.0
        for share, treated in kinds:
            weight = np.where((chosen >= start) & (chosen < start + share), strength, 0)
            weight = weight.reshape(rows, 1, COLUMNS, 1).astype(np.float32)
            changed += weight * (treated.reshape(changed.shape) - changed)
            start += share
        return np.round(changed).astype(np.uint8).reshape(mosaic.shape)

    def _sources(
        self, part: NDArray[np.float32], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Where each pixel comes from, x and y float32[count, 28, 28] in pixels of its picture."""
        settings = self._settings
        count = len(part)
        angle = np.deg2rad(rng.uniform(-1, 1, count) * settings.rotation_degrees * part)
        scale = 1 + rng.uniform(-1, 1, count) * settings.scale * part
        aspect = np.sqrt(1 + rng.uniform(-1, 1, count) * settings.aspect * part)
        shear = rng.uniform(-1, 1, count) * settings.shear * part
        shift = rng.uniform(-1, 1, (2, count)) * settings.shift * part
        cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
        # The picture turns round (14, 14), MNIST's centre of mass.
        grid = np.arange(SIDE, dtype=np.float32) - SIDE / 2
        field = self._fields[rng.integers(0, len(self._fields), count)]
        flip = rng.choice(np.array([-1, 1], np.float32), (count, 1, 1, 1))
        bend = rng.random(count, np.float32) * part
        elastic = field * flip * bend[:, None, None, None]
        v = [a.astype(np.float32)[:, None, None] for a in (cos, sin, aspect, shear, *shift)]
        cos32, sin32, aspect32, shear32, dx, dy = v
        across, down = grid[None, None, :] - dx, grid[None, :, None] - dy
        x = (cos32 * across + sin32 * down) * aspect32
        y = (cos32 * down - sin32 * across) / aspect32
        x = x + shear32 * y
        return x + SIDE / 2 + elastic[..., 0], y + SIDE / 2 + elastic[..., 1]

    def _contrast(self, part: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        faint = rng.random(len(part)) < self._settings.contrast
        gain = (1 - faint * rng.uniform(0.0, 0.4, len(part)) * part) / 255
        return gain.astype(np.float32)[:, None, None]


def contact_sheet(
    augmenter: Augmenter,
    images: NDArray[np.uint8],
    strength: NDArray[np.float32] | None = None,
) -> NDArray[np.uint8]:
    """A picture of uint8[N, 28, 28] bent once, sixteen in a row, for looking at."""
    bent = augmenter(images, np.random.default_rng(0), strength)
    bent = np.round(bent * 255).astype(np.uint8)
    rows = -(-len(bent) // COLUMNS)
    sheet = np.zeros((rows * COLUMNS, SIDE, SIDE), np.uint8)
    sheet[: len(bent)] = bent
    return _tiles(sheet, rows).reshape(rows * SIDE, COLUMNS * SIDE)


def _tiles(pictures: NDArray[T], rows: int) -> NDArray[T]:
    """Pictures [count, h, w] as a mosaic [rows, h, columns, w]."""
    height, width = pictures.shape[1:]
    return np.ascontiguousarray(pictures.reshape(rows, COLUMNS, height, width).swapaxes(1, 2))


def elastic_fields(
    shape: tuple[int, int], sigma: float, pixels: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Smooth displacements float32[512, *shape, 2], each of root mean square `pixels`.

    White noise, smoothed by a Gaussian of `sigma` pixels (Simard, Steinkraus and Platt 2003).
    """
    margin = round(3 * sigma)
    height, width = (side + 2 * margin for side in shape)
    fields = np.empty((FIELDS, *shape, 2), np.float32)
    for field in fields:
        noise = rng.uniform(-1, 1, (height, width, 2)).astype(np.float32)
        blurred = cv2.GaussianBlur(noise, (0, 0), sigma)
        inner = blurred[margin:-margin, margin:-margin]
        field[:] = inner * (pixels / np.sqrt(np.mean(inner**2)))
    return fields
