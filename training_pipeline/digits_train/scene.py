"""Ink on paper before a camera: pictures as people send them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_train import camera, paper
from digits_train.handwriting import Mask, Writer
from digits_train.texture import Texture

Field = NDArray[np.float32]
Picture = NDArray[np.uint8]
Shape = tuple[int, int]

STYLES = {"canvas": 0.36, "photo": 0.34, "scan": 0.20, "hard": 0.10}
"""How people's pictures come to be, and how often."""

# People's pictures are as often a few dozen pixels wide as a few hundred.
SMALL = {"canvas": 0.45, "photo": 0.15, "scan": 0.55, "hard": 0.0}
# Programs and data sets cut digits out close to their ink.
TIGHT = {"canvas": 0.08, "photo": 0.0, "scan": 0.16, "hard": 0.0}
REMEMBERED = 48


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the ink lies: uint8[H, W] on the whole sheet, its box, and the ink alone.

    `size` is the longer side of a character, in pixels.
    """

    cover: Mask
    box: tuple[int, int, int, int]
    ink: Mask
    size: int


@dataclass(slots=True)
class Studio:
    """Draws pictures; remembers the last few writings, to lie beside and behind the next.

    picture, ink = Studio(Texture(20)).picture(writer, rng)

    Without `tilting` every ink stays where it is on the sheet.
    """

    texture: Texture
    tilting: bool = True
    _others: list[Mask] = field(default_factory=list)

    def forget(self) -> None:
        """Begin anew: what comes next depends on no earlier picture."""
        self._others.clear()

    def picture(
        self, write: Writer | None, rng: np.random.Generator
    ) -> tuple[Picture, Mask | None]:
        """A picture uint8[H, W] of what `write` writes, and its ink alone; None writes nothing."""
        style = _chosen(STYLES, rng)
        small = rng.random() < SMALL[style]
        tight = write is not None and rng.random() < TIGHT[style]
        shape = _shape(style, small, rng)
        placed = self._place(write, shape, style, rng)
        picture = _DRAWN[style](self, placed, rng)
        if tight:
            picture = camera.crop(picture, placed.box, rng)
        if small:
            picture = camera.reduce(picture, rng, camera.CROPS if tight else camera.THUMBNAILS)
        filed = camera.filed(picture, style == "canvas", rng)
        return filed, placed.ink if write else None

    def sheet(
        self,
        ink: Mask,
        size: int,
        rng: np.random.Generator,
        styles: Mapping[str, float],
    ) -> Picture:
        """A picture uint8[H, W] of a whole sheet's ink, in characters about `size` pixels tall.

        `styles` are names of `STYLES` with shares of their own.
        """
        style = _chosen(styles, rng)
        left, top, width, height = cv2.boundingRect(ink)
        box = left, top, max(1, width), max(1, height)
        part = ink[top : top + box[3], left : left + box[2]]
        picture = _DRAWN[style](self, Placed(ink, box, part, size), rng)
        self._others.append(part[: 4 * size, : 4 * size])
        del self._others[:-REMEMBERED]
        return camera.filed(picture, style == "canvas", rng)

    def _place(
        self, write: Writer | None, shape: Shape, style: str, rng: np.random.Generator
    ) -> Placed:
        height, width = shape
        cover = np.zeros(shape, np.uint8)
        if write is None:
            size = max(24, round(min(shape) * rng.uniform(0.2, 0.8)))
            left, top = width // 4, height // 4
            empty = cover[top : top + size, left : left + size]
            box = left, top, empty.shape[1], empty.shape[0]
            return Placed(cover, box, empty, max(empty.shape))
        # The share of the shorter side; beyond 1 the border cuts a margin, not the ink.
        fill = rng.uniform(0.35, 0.95)
        if style != "hard" and rng.random() < 0.12:
            fill = rng.uniform(0.12, 0.35)
        size = max(20, round(min(shape) * fill))
        ink = _fitted(write(size, rng), shape)
        tall, wide = ink.shape
        free = np.array([width - wide, height - tall])
        # Mostly somewhere near the middle, at times anywhere, the border included.
        near = np.clip(rng.normal(0.5, 0.14, 2), 0, 1)
        anywhere = np.clip(rng.uniform(-0.05, 1.05, 2), 0, 1)
        left, top = (free * (near if rng.random() < 0.65 else anywhere)).astype(int).tolist()
        cover[top : top + tall, left : left + wide] = ink
        self._others.append(ink)
        del self._others[:-REMEMBERED]
        return Placed(cover, (left, top, wide, tall), ink, max(ink.shape))

    def canvas(self, placed: Placed, rng: np.random.Generator) -> Picture:
        """Drawn on a screen: one colour on another, nothing else."""
        dark, light = (
            (0.0, 255.0) if rng.random() < 0.55 else (rng.uniform(0, 110), rng.uniform(150, 255))
        )
        ink, ground = (dark, light) if rng.random() < 0.6 else (light, dark)
        picture = np.float32(ground) + placed.cover * np.float32((ink - ground) / 255)
        if rng.random() < 0.1:
            picture = camera.defocus(picture, rng.uniform(0.4, 1 + placed.size * 0.012))
        if rng.random() < 0.04:
            paper.rule(picture, placed.size, rng)
        return camera.expose(picture, 0, self.texture, rng)

    def photo(self, placed: Placed, rng: np.random.Generator) -> Picture:
        """Written on paper or a board and photographed."""
        ground = rng.uniform(120, 245)
        if rng.random() < 0.12:  # a blackboard, a dark page
            ground = rng.uniform(10, 75)
        picture = self._sheet(placed, ground, rng)
        self._write(picture, placed, ground, rng.uniform(0.35, 1.0), rng)
        paper.shade(picture, self.texture, rng)
        if self.tilting and rng.random() < 0.6:
            picture = camera.tilt(picture, 0.03, rng)
        blur = rng.random()
        if blur < 0.5:
            picture = camera.defocus(picture, rng.uniform(0.4, 0.8 + 0.012 * placed.size))
        elif blur < 0.6:
            picture = camera.shake(picture, int(rng.integers(2, 4 + placed.size // 30)), rng)
        return camera.expose(picture, float(rng.exponential(2.2)), self.texture, rng)

    def scan(self, placed: Placed, rng: np.random.Generator) -> Picture:
        """Written on white paper, scanned and often cut out."""
        ground = rng.uniform(215, 255)
        picture = self._sheet(placed, ground, rng)
        self._write(picture, placed, ground, rng.uniform(0.55, 1.0), rng)
        if rng.random() < 0.4:
            picture = camera.defocus(picture, rng.uniform(0.4, 1.2))
        scanned = camera.expose(picture, float(rng.exponential(1.2)), self.texture, rng)
        kind = rng.random()
        if kind < 0.2:  # fax and black-and-white scans
            scanned = cv2.threshold(
                scanned, rng.uniform(0.55, 0.85) * ground, 255, cv2.THRESH_BINARY
            )[1]
        return cv2.bitwise_not(scanned) if rng.random() < 0.25 else scanned

    def hard(self, placed: Placed, rng: np.random.Generator) -> Picture:
        """Hardly visible ink, much noise or hard shadows; a person still reads it."""
        ground = rng.uniform(60, 245)
        picture = (
            self._sheet(placed, ground, rng)
            if rng.random() < 0.5
            else np.full(placed.cover.shape, ground, np.float32)
        )
        kind = rng.random()
        if kind < 0.5:
            contrast = float(np.exp(rng.uniform(np.log(9), np.log(40))))
            bold = min(1.0, placed.ink.mean() / 40)
            sigma = rng.uniform(0.1, 0.3) * contrast * (0.4 + 0.6 * bold)
            self._ink(picture, placed, contrast, ground > 110, rng)
            if rng.random() < 0.3:
                picture = camera.defocus(picture, rng.uniform(0.4, 1.2))
        elif kind < 0.75:
            contrast = rng.uniform(60, 150)
            sigma = rng.uniform(0.12, 0.45) * contrast
            self._ink(picture, placed, contrast, ground > 110, rng)
        else:
            self._ink(picture, placed, rng.uniform(40, 150), ground > 110, rng)
            paper.shade(picture, self.texture, rng)
            paper.shade(picture, self.texture, rng)
            picture = camera.defocus(picture, rng.uniform(0.5, 0.8 + 0.02 * placed.size))
            sigma = rng.uniform(1, 6)
        return camera.expose(picture, sigma, self.texture, rng)

    def _sheet(self, placed: Placed, ground: float, rng: np.random.Generator) -> Field:
        """Paper with what else is on it."""
        shape = placed.cover.shape
        picture = paper.sheet(shape, ground, self.texture, rng)
        if rng.random() < 0.28:
            paper.rule(picture, placed.size, rng)
        if rng.random() < 0.12:
            paper.box(picture, placed.box, rng)
        if self._others and rng.random() < 0.10:
            paper.show_through(picture, self._others, rng)
        if self._others and rng.random() < 0.14:
            self._neighbour(picture, placed, ground, rng)
        if rng.random() < 0.08:
            for _ in range(int(rng.integers(1, 6))):
                at = tuple(int(rng.integers(0, n)) for n in shape[::-1])
                cv2.circle(
                    picture, at, int(rng.integers(0, 2 + placed.size // 60)), ground * 0.4, -1
                )
        return picture

    def _neighbour(
        self, picture: Field, placed: Placed, ground: float, rng: np.random.Generator
    ) -> None:
        """A part of other writing, cut off by the border of the picture."""
        height, width = picture.shape
        other = self._others[int(rng.integers(len(self._others)))]
        scale = placed.size / max(other.shape) * rng.uniform(0.7, 1.2)
        other = cv2.resize(other, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        seen = max(1, round(other.shape[1] * rng.uniform(0.05, 0.4)))
        top = int(rng.integers(0, max(1, height - other.shape[0])))
        part = other[: height - top, :seen]
        if rng.random() < 0.5:
            spot = picture[top : top + part.shape[0], width - part.shape[1] :]
        else:
            part = other[: height - top, -seen:]
            spot = picture[top : top + part.shape[0], : part.shape[1]]
        part = part[:, : spot.shape[1]]
        spot -= part * np.float32((ground - 60 if ground > 110 else -120) / 255)

    def _write(
        self, picture: Field, placed: Placed, ground: float, depth: float, rng: np.random.Generator
    ) -> None:
        """Put on the ink, `depth` of what is left to black, or to white on a dark ground."""
        dark = ground > 110
        self._ink(picture, placed, depth * (ground if dark else 255 - ground), dark, rng)

    def _ink(
        self, picture: Field, placed: Placed, contrast: float, dark: bool, rng: np.random.Generator
    ) -> None:
        strength = np.float32((-contrast if dark else contrast) / 255)
        left, top, width, height = placed.box
        box = slice(top, top + height), slice(left, left + width)
        ink = placed.cover[box] * strength
        if not dark and rng.random() < 0.5:  # chalk
            ink *= np.clip(0.75 + 0.3 * self.texture.grain(ink.shape, rng), 0, 1)
        picture[box] += ink


_DRAWN: dict[str, Callable[[Studio, Placed, np.random.Generator], Picture]] = {
    "canvas": Studio.canvas,
    "photo": Studio.photo,
    "scan": Studio.scan,
    "hard": Studio.hard,
}


def _chosen(styles: Mapping[str, float], rng: np.random.Generator) -> str:
    """One of the styles; a single one takes no number from `rng`."""
    names, bounds = tuple(styles), np.cumsum(tuple(styles.values()))
    if len(names) == 1:
        return names[0]
    return names[int(np.searchsorted(bounds, rng.random() * bounds[-1]))]


def _shape(style: str, small: bool, rng: np.random.Generator) -> Shape:
    """Height and width before reducing."""
    if small:
        side = rng.uniform(60, 200)
    else:
        side = float(np.clip(np.exp(rng.normal(np.log(165), 0.4)), 64, 620))
    if style == "hard":
        side = max(side, 110)
    aspect = np.exp(rng.normal(0, 0.22)) if rng.random() < 0.5 else 1.0
    height, width = side * np.sqrt(aspect), side / np.sqrt(aspect)
    return min(1000, max(24, round(height))), min(1000, max(24, round(width)))


def _fitted(ink: Mask, shape: Shape) -> Mask:
    """Reduced where it would not fit."""
    scale = min(shape[0] / ink.shape[0], shape[1] / ink.shape[1])
    if scale >= 1:
        return ink
    size = max(1, int(ink.shape[1] * scale)), max(1, int(ink.shape[0] * scale))
    return cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
