"""What happens to a picture between the paper and the file."""

import cv2
import numpy as np
from digits_core.image import decode
from numpy.typing import NDArray

from digits_train.texture import Texture

Field = NDArray[np.float32]
Picture = NDArray[np.uint8]
Sides = tuple[int, int, int]

THUMBNAILS: Sides = (28, 20, 64)
CROPS: Sides = (16, 12, 40)
"""Longer sides in pixels of small pictures, of whole ones and of those cut close to the ink.

The first is that of half of them, the others lie from the second to the third.
"""


def tilt(picture: Field, strength: float, rng: np.random.Generator) -> Field:
    """Look from the side: the corners move by about `strength` of the picture's side."""
    height, width = picture.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = corners + (rng.normal(0, strength, (4, 2)) * (width, height)).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    return cv2.warpPerspective(
        picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def defocus(picture: Field, sigma: float) -> Field:
    """Out of focus by a blur of `sigma` pixels."""
    return cv2.GaussianBlur(picture, (0, 0), sigma)


def shake(picture: Field, length: int, rng: np.random.Generator) -> Field:
    """Moved by `length` pixels, 2 or more, while the shutter was open."""
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    middle, arm = (length - 1) / 2, (length - 1) / 2 * np.array([np.cos(angle), np.sin(angle)])
    start, end = ((middle + sign * arm).round().astype(int).tolist() for sign in (-1, 1))
    cv2.line(kernel, start, end, 1)
    return cv2.filter2D(picture, -1, kernel / kernel.sum())


def expose(picture: Field, sigma: float, texture: Texture, rng: np.random.Generator) -> Picture:
    """Add the sensor's noise, of `sigma` grey levels, and round to uint8."""
    if sigma > 0:
        kind = texture.noise if rng.random() < 0.7 else texture.grain
        picture = picture + np.float32(sigma) * kind(picture.shape, rng)
    return np.clip(picture + np.float32(0.5), 0, 255).astype(np.uint8)


def jpeg(picture: Picture, quality: int) -> bytes:
    """A JPEG file's content; `quality` 1 to 100."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def tint(picture: Picture, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same brightness in a light's or a paper's colour: uint8[H, W, 3], BGR."""
    balance = rng.normal(0, 0.1, 3)
    balance -= balance @ (0.114, 0.587, 0.299)
    return np.clip(picture[..., None] * (1 + balance), 0, 255).astype(np.uint8)


def crop(picture: Picture, box: tuple[int, int, int, int], rng: np.random.Generator) -> Picture:
    """Cut close to the ink in `box`: left, top, width, height. The border may touch or cut it."""
    left, top, width, height = box
    away = np.round(max(width, height) * rng.uniform(-0.02, 0.08, 4)).astype(int).tolist()
    rows = slice(max(0, top - away[0]), top + height + away[1])
    columns = slice(max(0, left - away[2]), left + width + away[3])
    return picture[rows, columns]


def reduce(picture: Picture, rng: np.random.Generator, sides: Sides = THUMBNAILS) -> Picture:
    """To the size of a thumbnail or of a data set."""
    usual, least, most = sides
    side = usual if rng.random() < 0.5 else int(rng.integers(least, most + 1))
    scale = side / max(picture.shape)
    if scale >= 1:
        return picture
    size = max(4, round(picture.shape[1] * scale)), max(4, round(picture.shape[0] * scale))
    way = cv2.INTER_AREA if rng.random() < 0.85 else cv2.INTER_LINEAR
    return cv2.resize(picture, size, interpolation=way)


def filed(picture: Picture, canvas: bool, rng: np.random.Generator) -> Picture:
    """A share goes through a file, as cameras or canvases write it, and comes back decoded."""
    chance = rng.random()
    if chance < (0.08 if canvas else 0.3):
        coloured = not canvas and rng.random() < 0.2
        seen = tint(picture, rng) if coloured else picture
        return decode(jpeg(seen, int(rng.integers(30, 96))))
    if canvas and chance < 0.12:
        return decode(transparent(picture, rng))
    return picture


def transparent(picture: Picture, rng: np.random.Generator) -> bytes:
    """A PNG file with the ink in its alpha channel, as some canvases save it."""
    ground = float(np.median(picture[[0, -1]]))
    alpha = cv2.convertScaleAbs(np.abs(picture.astype(np.float32) - ground), alpha=1)
    alpha = cv2.normalize(alpha, None, 0, 255, cv2.NORM_MINMAX)
    colour = np.full((*picture.shape, 3), 0 if rng.random() < 0.8 else 255, np.uint8)
    return cv2.imencode(".png", np.dstack([colour, alpha]))[1].tobytes()
