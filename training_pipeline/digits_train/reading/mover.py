"""Moves and bends pictures while a net learns, as other hands might have written them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_train.augment import elastic_fields

BENDS = {"elastic_pixels": 1.2, "elastic_sigma": 4.0}
"""How far strokes are bent, at most, as a root mean square, and over what length, both in pixels:
characters are some twenty high."""


@dataclass(frozen=True, slots=True)
class Moves:
    """How each of N pictures is moved.

    A pixel `matrices` float64[N, 2, 2] times its place from the middle of what comes out
    shows what lies there from the middle of the picture, moved by `shifts` float64[N, 2],
    both x and y in pixels.
    """

    matrices: NDArray[np.float64]
    shifts: NDArray[np.float64]

    @classmethod
    def drawn(
        cls,
        rng: np.random.Generator,
        sizes: NDArray[np.float64],
        *,
        turn: float,
        slant: float,
        stretch: float,
        shift: float,
    ) -> "Moves":
        """Draw one for each of `sizes` float64[N], so many times as large as the picture.

        The deviations of `turn` and `slant` are in radians and as a tangent, that of
        `stretch` is of the logarithm of width over height, that of `shift` in pixels.
        """
        count = len(sizes)
        angle, shear = rng.normal(0, turn, count), rng.normal(0, slant, count)
        wide = np.exp(rng.normal(0, stretch, count) / 2)
        across, down = 1 / (sizes * wide), wide / sizes
        cos, sin = np.cos(angle), np.sin(angle)
        rows = [[cos * across, (shear - sin) * down], [sin * across, cos * down]]
        matrices = np.stack([np.stack(row, axis=1) for row in rows], axis=1)
        return cls(matrices, rng.normal(0, shift, (count, 2)))


class Mover:
    """Cuts pictures of `shape` out of the middle of others, moved and bent.

    moved = Mover((32, 32), seed=20)(pixels, moves, rng)
    """

    def __init__(self, shape: tuple[int, int], seed: int) -> None:
        rng = np.random.default_rng([seed, 25])
        self._fields = elastic_fields(shape, BENDS["elastic_sigma"], BENDS["elastic_pixels"], rng)
        self._down, self._across = (np.arange(side) - (side - 1) / 2 for side in shape)

    def __call__(
        self, pixels: NDArray[np.uint8], moves: Moves, rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Return uint8[N, *shape] of uint8[N, H, W]; what lies beyond is black."""
        count, height, width = pixels.shape
        bends = rng.uniform(-1, 1, (count, 1, 1, 1)).astype(np.float32)
        places = self._fields[rng.integers(0, len(self._fields), count)] * bends
        # Where a pixel comes from is its column's part and its row's.
        middles = moves.shifts + (np.array([width, height]) - 1) / 2
        across = np.einsum("ni,s->nsi", moves.matrices[:, :, 0], self._across)
        down = np.einsum("ni,s->nsi", moves.matrices[:, :, 1], self._down) + middles[:, None]
        places += across.astype(np.float32)[:, None]
        places += down.astype(np.float32)[:, :, None]
        moved = np.empty(places.shape[:3], np.uint8)
        for place in range(count):
            cv2.remap(
                pixels[place],
                places[place],
                None,
                cv2.INTER_LINEAR,
                dst=moved[place],
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=0,
            )
        return moved
