"""Seeded pictures that no training sees, for the tables of what the models must show.

The generators here share no code with those of the pool, so that a model
cannot pass by knowing how its own training pictures were made.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_train.data import UNSEEN_WRITERS
from digits_train.strokes import pendigits

Picture = NDArray[np.uint8]
Field = NDArray[np.float32]

SIDE = 280
PEN_DRAWINGS = 1_000
EMPTY_PICTURES = 10_000
FAINT_DIGITS = 500

FAINT_CONTRAST = 12.0
FAINT_SIGMA = 3.0


def pen_drawings(data_dir: Path, seed: int) -> Iterator[tuple[Picture, int]]:
    """1,000 digits of the unseen writers, drawn on a canvas with a round brush.

    Yields uint8[280, 280] and the digit. Height (60 to 240 px), place, brush
    (2 to 26 px) and colours, either side the darker, are random; nothing of a
    digit lies outside. Raises `DataMissing`.
    """
    rng = np.random.default_rng([seed, 1])
    for strokes, label in _unseen(data_dir, PEN_DRAWINGS, rng):
        height = rng.uniform(60, 240)
        # A brush beyond a sixth of the height closes the loops of what it writes.
        brush = float(np.exp(rng.uniform(np.log(2), np.log(min(26, height / 6)))))
        mask = _write(strokes, height, brush, rng)
        dark, light = rng.uniform(0, 90), rng.uniform(170, 255)
        ink, paper = (dark, light) if rng.random() < 0.7 else (light, dark)
        yield _grey(paper + (ink - paper) * mask), label


def faint_digits(data_dir: Path, seed: int) -> Iterator[tuple[Picture, int]]:
    """500 digits of the unseen writers in the palest pencil that a person still reads.

    Yields uint8[280, 280] and the digit: strokes 12 grey levels darker than the
    paper, under the noise of a camera of standard deviation 3. Raises
    `DataMissing`.
    """
    rng = np.random.default_rng([seed, 2])
    for strokes, label in _unseen(data_dir, FAINT_DIGITS, rng):
        mask = _write(strokes, rng.uniform(110, 220), rng.uniform(7, 14), rng)
        paper = rng.uniform(170, 245)
        noise = rng.normal(0, FAINT_SIGMA, mask.shape)
        yield _grey(paper - FAINT_CONTRAST * mask + noise), label


def empty_pictures(seed: int) -> Iterator[Picture]:
    """10,000 blanks, noises and textures, uint8 of 96 to 280 pixels a side: nothing is written."""
    rng = np.random.default_rng([seed, 3])
    for index in range(EMPTY_PICTURES):
        shape = int(rng.integers(96, SIDE + 1)), int(rng.integers(96, SIDE + 1))
        yield _grey(KINDS[index % len(KINDS)](shape, rng))


def _unseen(
    data_dir: Path, count: int, rng: np.random.Generator
) -> Iterator[tuple[list[Field], int]]:
    written = pendigits(data_dir / "other")
    theirs = np.flatnonzero(np.isin(written.person, UNSEEN_WRITERS))
    for index in rng.choice(theirs, count, replace=False):
        yield written.strokes[index], int(written.label[index])


def _write(strokes: list[Field], height: float, brush: float, rng: np.random.Generator) -> Field:
    """The cover 0 to 1, float32[280, 280], of strokes at a random place."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    edge = 0.6 * brush + 3  # OpenCV's joints are a little wider than the line
    room = SIDE - 2 * edge
    scale = min(height / (high - low)[1], room / (high - low)[0])
    corner = edge + rng.random(2) * (room - (high - low) * scale)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for stroke in strokes:
        line = np.round(((stroke - low) * scale + corner) * 16).astype(np.int32)
        cv2.polylines(mask, [line], len(line) == 1, 255, max(1, round(brush)), cv2.LINE_AA, shift=4)
    cover: Field = mask.astype(np.float32) / np.float32(255)
    return cover


def _grey(values: NDArray[np.floating]) -> Picture:
    return np.round(np.clip(values, 0, 255)).astype(np.uint8)


Shape = tuple[int, int]


def _levels(rng: np.random.Generator) -> tuple[float, float]:
    """Two grey levels, from hardly to wholly different."""
    first = rng.uniform(0, 255)
    return first, float(np.clip(first + rng.choice([-1, 1]) * rng.uniform(4, 200), 0, 255))


def _mix(cover: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """A cover of 0 to 1 in two random levels, with a little noise now and then."""
    first, second = _levels(rng)
    noise = rng.normal(0, rng.choice([0.0, 1.0, 3.0, 8.0]), cover.shape)
    return first + (second - first) * cover + noise


def _grid(shape: Shape, rng: np.random.Generator) -> tuple[Field, Field]:
    """Coordinates in pixels, turned by a random angle, slightly or wholly."""
    y, x = np.indices(shape).astype(np.float32)
    angle = rng.uniform(0, np.pi) if rng.random() < 0.5 else rng.normal(0, 0.04)
    return x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)


def _plain(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    return np.full(shape, rng.uniform(0, 255))


def _grainy(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    return rng.normal(rng.uniform(20, 235), rng.uniform(0.5, 12), shape)


def _gradient(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    x, _ = _grid(shape, rng)
    return _mix((x - x.min()) / np.ptp(x), rng)


def _vignette(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    y, x = np.indices(shape) / np.array(shape)[:, None, None] - rng.uniform(0.2, 0.8, (2, 1, 1))
    return _mix(np.exp(-(x**2 + y**2) * rng.uniform(0.5, 4)), rng)


def _white_noise(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    return rng.uniform(0, 255, shape)


def _cloudy(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    blurred = cv2.GaussianBlur(
        rng.normal(0, 1, shape).astype(np.float32), (0, 0), rng.uniform(1, 25)
    )
    return _mix(0.5 + 0.25 * blurred / blurred.std(), rng)


def _fractal(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    """Noise whose spectrum falls with the frequency: stone, plaster, cloth."""
    spectrum = np.fft.rfft2(rng.normal(0, 1, shape))
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None])
    frequency[0, 0] = 1
    field = np.fft.irfft2(spectrum / frequency ** rng.uniform(0.5, 1.8), shape)
    return _mix(0.5 + 0.2 * (field - field.mean()) / field.std(), rng)


def _salt(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    return _mix((rng.random(shape) < rng.uniform(0.001, 0.3)).astype(float), rng)


def _stripes(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    x, _ = _grid(shape, rng)
    wave = np.sin(x * 2 * np.pi / rng.uniform(4, 60) + rng.uniform(0, 6))
    return _mix(np.clip(0.5 + wave * rng.choice([0.5, 4]), 0, 1), rng)


def _checks(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    x, y = _grid(shape, rng)
    side = rng.uniform(5, 50)
    return _mix((np.floor(x / side) + np.floor(y / side)) % 2, rng)


def _ruled(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    """Writing paper, one way or both."""
    x, y = _grid(shape, rng)
    gap, width = rng.uniform(14, 60), rng.uniform(1, 3)
    cover = (y % gap < width).astype(float)
    if rng.random() < 0.5:
        cover = np.maximum(cover, x % gap < width)
    return _mix(cv2.blur(cover, (2, 2)), rng)


def _raster(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    """Dots in rows, as print has them."""
    x, y = _grid(shape, rng)
    gap = rng.uniform(5, 25)
    distance = np.hypot(x % gap - gap / 2, y % gap - gap / 2)
    return _mix(np.clip(gap * rng.uniform(0.15, 0.4) - distance, 0, 1), rng)


def _veined(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    """Stripes bent by clouds: wood, marble."""
    x, y = _grid(shape, rng)
    bend = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), 12)
    wave = np.sin(x / rng.uniform(3, 12) + y / 90 + rng.uniform(1, 4) * bend / bend.std())
    return _mix(0.5 + 0.5 * wave, rng)


def _rings(shape: Shape, rng: np.random.Generator) -> NDArray[np.floating]:
    """Many circles round a point outside the picture: moire and grooves."""
    y, x = np.indices(shape) + rng.uniform(200, 600, (2, 1, 1))
    return _mix(0.5 + 0.5 * np.sin(np.hypot(x, y) * 2 * np.pi / rng.uniform(5, 40)), rng)


KINDS: tuple[Callable[[Shape, np.random.Generator], NDArray[np.floating]], ...] = (
    _plain,
    _grainy,
    _gradient,
    _vignette,
    _white_noise,
    _cloudy,
    _fractal,
    _salt,
    _stripes,
    _checks,
    _ruled,
    _raster,
    _veined,
    _rings,
)
