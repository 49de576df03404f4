"""The fifteen corruptions of MNIST-C, written anew at the strengths of the published set.

Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision": each
corruption keeps a digit legible and has one strength. All constants below are
theirs. What left their hands is reproduced where it differs from the name: their
glass blurs along columns alone, and their Canny works on sums of a Sobel kernel.
"""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 28
MIDDLE = (SIDE - 1) / 2

SEED = 633
"""Of the tables of corrupted test images; any would do, this one is in them for good."""

Images = NDArray[np.float32]
"""float32[N, 28, 28] in [0, 1]."""


def corrupt(name: str, images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Corrupt uint8[N, 28, 28], white on black, each picture by its own random numbers.

        corrupt("fog", images, np.random.default_rng(0))

    `name` is one of `NAMES`; anything else raises `KeyError`.
    """
    changed = _CORRUPTIONS[name](images.astype(np.float32) / np.float32(255), rng)
    return np.round(np.clip(changed, 0, 1) * 255).astype(np.uint8)


def corrupted(name: str, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Corrupt images by the same random numbers each time: the tables', so that they agree."""
    return corrupt(name, images, np.random.default_rng([SEED, NAMES.index(name)]))


def _shot_noise(images: Images, rng: np.random.Generator) -> Images:
    photons = 3
    return (rng.poisson(images * photons) / photons).astype(np.float32)


def _impulse_noise(images: Images, rng: np.random.Generator) -> Images:
    """Make 17 % of the pixels black or white."""
    hit = rng.random(images.shape) < 0.17
    white = rng.random(images.shape) < 0.5
    return np.where(hit, white, images).astype(np.float32)


def _glass_blur(images: Images, rng: np.random.Generator) -> Images:
    """Blur, swap pixels with a neighbour up or left twice over, blur again."""
    kernel = _gauss(0.7)
    coarse = (_each(images, _blur(np.ones(1), kernel)) * 255).astype(np.uint8)
    shaken = coarse.astype(np.float32) / np.float32(255)
    every = np.arange(len(images))
    for _ in range(2):
        for row in range(SIDE - 1, 1, -1):
            for column in range(SIDE - 1, 1, -1):
                up, left = rng.integers(0, 2, (2, len(images)))
                # Half of the swaps do not happen.
                up, left = rng.integers(0, 2, len(images)) * (up, left)
                there = every, row - up, column - left
                moved = shaken[there]
                shaken[there] = shaken[:, row, column]
                shaken[:, row, column] = moved
    return _each(shaken, _blur(np.ones(1), kernel))


def _motion_blur(images: Images, rng: np.random.Generator) -> Images:
    """Smear one way, at most 45 degrees off a row, along half a Gaussian of sigma 3."""
    reach, sigma = 20, 3.0
    steps = np.arange(reach + 1)
    weights = np.exp(-(steps**2) / (2 * sigma**2))
    weights /= weights.sum()
    angles = np.deg2rad(rng.uniform(-45, 45, len(images)))
    across = np.round(np.cos(angles)[:, None] * steps).astype(int)
    down = np.round(np.sin(angles)[:, None] * steps).astype(int)
    smeared = np.zeros_like(images)
    for image, dx, dy, result in zip(images, across, down, smeared, strict=True):
        padded = np.pad(image, reach, mode="edge")
        for weight, x, y in zip(weights, reach + dx, reach + dy, strict=True):
            part = np.float32(weight) * padded[y : y + SIDE, x : x + SIDE]
            np.add(result, part, out=result)
    return smeared


def _shear(images: Images, rng: np.random.Generator) -> Images:
    angles = 0.4 * _signs(rng, len(images))
    return _warp(images, [np.array([[1, -np.sin(angle)], [0, np.cos(angle)]]) for angle in angles])


def _rotate(images: Images, rng: np.random.Generator) -> Images:
    angles = 0.4 * _signs(rng, len(images))
    return _warp(
        images,
        [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in angles],
    )


def _scale(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001 (leaves nothing to chance)
    return _warp(images, [np.eye(2) / 0.7] * len(images))


def _translate(images: Images, rng: np.random.Generator) -> Images:
    pixels = 3
    moves = pixels * _signs(rng, (len(images), 2))
    return np.stack(
        [
            np.pad(image, pixels)[pixels + y : pixels + y + SIDE, pixels + x : pixels + x + SIDE]
            for image, (x, y) in zip(images, moves, strict=True)
        ]
    )


def _brightness(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001
    return images + np.float32(0.5)


def _stripe(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001
    """Invert the left and the right quarter."""
    changed = images.copy()
    changed[:, :, :7] = 1 - images[:, :, :7]
    changed[:, :, 21:] = 1 - images[:, :, 21:]
    return changed


def _fog(images: Images, rng: np.random.Generator) -> Images:
    """Cover with three parts of fog and darken until white is white."""
    density = np.float32(3.0)
    brightest = images.max(axis=(1, 2), keepdims=True)
    fog = np.concatenate(
        [
            _plasma(len(part), 256, 1.4, rng)[:, :SIDE, :SIDE]
            for part in np.array_split(images, -(-len(images) // 32))
        ]
    )
    return (images + density * fog) * brightest / (brightest + density)


def _spatter(images: Images, rng: np.random.Generator) -> Images:
    """Cover parts with grey mud: smoothed noise above a threshold, with soft edges."""
    wet = rng.normal(0.65, 0.3, images.shape).astype(np.float32)
    splashes = _each(wet, _blur(_gauss(1.0), _gauss(1.0))) > 0.65
    mud = _each(splashes.astype(np.float32), _blur(_gauss(1.5), _gauss(1.5)))
    mud[mud < 0.8] = 0
    return images * (1 - mud) + np.float32(63 / 255) * mud


def _dotted_line(images: Images, rng: np.random.Generator) -> Images:
    """Draw a line from side to side, two columns of it, then two without, and so on."""
    shown = np.arange(SIDE) // 2 % 2 == 1
    ends = rng.integers(0, 27, (len(images), 2))
    lines = [_line((0, left), (27, right)) * shown for left, right in ends]
    return images + np.stack(lines)


def _zigzag(images: Images, rng: np.random.Generator) -> Images:
    """Draw a zigzag of teeth 4 wide and 4 high from column 2 to column 25."""
    changed = images.copy()
    for image in changed:
        start = rng.integers(0, 27)
        slope = np.arctan(rng.integers(-5, 5) / 23)
        length = 23 / np.cos(slope)
        along = np.append(np.arange(2, length, 4), length)
        aside = np.resize([2.0, -2.0], len(along))
        # The last tooth breaks off: 20 is where it would have come back to the axis.
        aside[-1] = aside[-2] / (2 * (length - 20))
        along, aside = np.insert(along, 0, 0), np.insert(aside, 0, 0)
        x = along * np.cos(slope) - aside * np.sin(slope) + 2
        y = along * np.sin(slope) + aside * np.cos(slope) + start
        for one, other in pairwise(zip(x, y, strict=True)):
            np.clip(image + _line(one, other), 0, 1, out=image)
    return changed


def _canny_edges(images: Images, rng: np.random.Generator) -> Images:  # noqa: ARG001
    """Leave the edges: sigma 1, between a tenth and a fifth of white in a Sobel sum."""
    blur = _blur(_gauss(1.0), _gauss(1.0), cv2.BORDER_CONSTANT)
    # Canny takes gradients as int16: 4,000 for a step of 1 leaves room for a sum of 4 of them.
    fine = 4000

    def edges(image: Images) -> Images:
        smooth = blur(image) * fine
        across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0).round().astype(np.int16)
        down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1).round().astype(np.int16)
        return cv2.Canny(across, down, 0.1 * fine, 0.2 * fine, L2gradient=True) / np.float32(255)

    return _each(images, edges)


_CORRUPTIONS: dict[str, Callable[[Images, np.random.Generator], Images]] = {
    "shot noise": _shot_noise,
    "impulse noise": _impulse_noise,
    "glass blur": _glass_blur,
    "motion blur": _motion_blur,
    "shear": _shear,
    "scale": _scale,
    "rotate": _rotate,
    "brightness": _brightness,
    "translate": _translate,
    "stripe": _stripe,
    "fog": _fog,
    "spatter": _spatter,
    "dotted line": _dotted_line,
    "zigzag": _zigzag,
    "canny edges": _canny_edges,
}
NAMES = tuple(_CORRUPTIONS)


def _each(images: Images, change: Callable[[Images], Images]) -> Images:
    return np.stack([change(image) for image in images])


def _signs(rng: np.random.Generator, shape: int | tuple[int, int]) -> NDArray[np.int64]:
    return rng.choice(np.array([-1, 1]), shape)


def _gauss(sigma: float) -> NDArray[np.float64]:
    """A Gaussian cut off at four sigma, summing to 1."""
    reach = int(4 * sigma + 0.5)
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return weights / weights.sum()


def _blur(
    along_rows: NDArray[np.float64],
    along_columns: NDArray[np.float64],
    border: int = cv2.BORDER_REPLICATE,
) -> Callable[[Images], Images]:
    return lambda image: cv2.sepFilter2D(
        image, cv2.CV_32F, along_rows, along_columns, borderType=border
    )


def _warp(images: Images, matrices: list[NDArray[np.float64]]) -> Images:
    """Fetch each pixel from where its matrix, about the middle of the picture, sends it."""
    middle = np.full(2, MIDDLE)
    warped = []
    for image, matrix in zip(images, matrices, strict=True):
        affine = np.column_stack([matrix, middle - matrix @ middle])
        warped.append(
            cv2.warpAffine(
                image, affine, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            )
        )
    return np.stack(warped)


def _line(start: tuple[float, float], end: tuple[float, float]) -> Images:
    """A line from (x, y) to (x, y), left to right, with soft edges: float32[28, 28] in [0, 1]."""
    (left, top), (right, bottom) = start, end
    x = np.arange(SIDE)
    y = top + (bottom - top) / (right - left) * (x - left)
    away = np.minimum(np.abs(np.arange(SIDE)[:, None] - y), 2.3 - 1e-10)
    ink = np.clip(np.log(1 - away / 2.3) + 1, 0, 1)
    within = (x >= np.floor(left)) & (x < np.ceil(right))
    return (ink * within).astype(np.float32)


def _plasma(count: int, side: int, decay: float, rng: np.random.Generator) -> Images:
    """Clouds float32[count, side, side] in [0, 1] that meet themselves at the borders.

    By midpoints (Fournier, Fussell and Carpenter 1982): each new point is the mean
    of its four neighbours and chance, whose deviation at each halving of the
    step falls by `decay` squared.
    """
    clouds = np.zeros((count, side, side), np.float32)
    step, chance = side, 100.0

    def among(total: Images) -> Images:
        noise = rng.random(total.shape, np.float32) * 2 - 1
        return total / 4 + np.float32(chance**2) * noise

    while step > 1:
        half = step // 2
        corners = clouds[:, ::step, ::step]
        pairs = corners + np.roll(corners, -1, axis=1)
        clouds[:, half::step, half::step] = among(pairs + np.roll(pairs, -1, axis=2))
        centres = clouds[:, half::step, half::step]
        clouds[:, ::step, half::step] = among(
            centres + np.roll(centres, 1, axis=1) + corners + np.roll(corners, -1, axis=2)
        )
        clouds[:, half::step, ::step] = among(
            centres + np.roll(centres, 1, axis=2) + corners + np.roll(corners, -1, axis=1)
        )
        step, chance = half, chance / decay
    clouds -= clouds.min(axis=(1, 2), keepdims=True)
    return clouds / clouds.max(axis=(1, 2), keepdims=True)
