"""Digits and other characters of openly licensed handwriting fonts.

`make fonts` installs them from the npm registry (requirements/fonts names and
pins them, NOTICE names authors and licences). Every font draws digits and
non-digits, so that a font's look says nothing about the class.

    fonts = load(FOLDER)
    font = fonts.train[3]
    ink(font, "7", 200, rng)  # uint8[about 200, w]
"""

# Signs that Latin, Greek and Cyrillic share are meant:
# ruff: noqa: RUF001

import json
import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(".venv-dev/fonts")
"""Where `make fonts` installs them, from the project's root."""

LICENCES = frozenset({"OFL-1.1", "Apache-2.0", "CC0-1.0"})
"""A font under another licence, or under one that its package does not state, is left out."""

DIGITS = "0123456789"
OTHERS = (
    "ACEFHKLMNPRUVWXYacdefhkmnprtuvwxÄÅÇÈÉÑÜàäåçèéñúü"
    "ΓΔΛΞΠΣΦΨΩαγδηκλμνξπχψω"
    "ДЖИЙЛПФЦШЩЫЮЯджилмптцшщыюя"
    "#%&*+<=>?@^{}~«»¶±×÷√∑≈≠≤≥←→€£¥₹"
)
"""What no digit looks like; a font draws those it has."""

AMBIGUOUS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys("OoQDØøΟοθΘ°", "0")
    | dict.fromkeys("lIi|/!()[]jJıΙ", "1")
    | dict.fromkeys("ZzΖ", "2")
    | dict.fromkeys("ЗзЭэε", "3")
    | dict.fromkeys("yЧч", "4")
    | dict.fromkeys("Ss$", "5")
    | dict.fromkeys("GbбσЬь", "6")
    | dict.fromkeys("T¬τ", "7")
    | dict.fromkeys("BВΒβ§", "8")
    | dict.fromkeys("gqφρ", "9")
)
"""Signs that alone may be read as a digit, and which: no clear examples of either class."""

_SUBSETS = ("latin", "greek", "cyrillic")
_SMALLEST_EM, _MEASURING_EM = 64, 128
_SLASHED, _DOTTED, _CROSSED = 0.06, 0.02, 0.12
"""Shares of the lone 0 and 7 that get a slash, a dot, a bar: few fonts have them, many hands do."""

Ink = NDArray[np.uint8]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Font:
    """A font family: its package's name, and for each weight the file of each subset of signs."""

    name: str
    licence: str
    weights: tuple[Mapping[str, Path], ...]

    @property
    def hand(self) -> str:
        """The name's first word, which families of one hand share: playwrite-at, playwrite-cz."""
        return self.name.split("-", maxsplit=1)[0]

    @property
    def for_validation(self) -> bool:
        """About every fifth hand, by a hash of its name: other fonts change nothing."""
        return zlib.crc32(self.hand.encode()) % 5 == 0


@dataclass(frozen=True, slots=True)
class Fonts:
    """The fonts to train and to validate on; no hand is in both."""

    train: tuple[Font, ...] = ()
    validation: tuple[Font, ...] = ()


def load(folder: Path | None) -> Fonts:
    """Find the fonts installed below `folder`; none, with a line in the log, without it."""
    packages = folder / "node_modules" / "@fontsource" if folder else None
    if packages is None or not packages.is_dir():
        log.info("no fonts at %s: training goes without them ('make fonts' installs them)", folder)
        return Fonts()
    found = [_font(path.parent) for path in sorted(packages.glob("*/metadata.json"))]
    usable = [font for font in found if font.licence in LICENCES and font.weights]
    return Fonts(
        train=tuple(font for font in usable if not font.for_validation),
        validation=tuple(font for font in usable if font.for_validation),
    )


def characters(font: Font, among: str = OTHERS) -> str:
    """Those of `among` that the font draws, in their order."""
    return "".join(sign for sign in among if _file(font.weights[0], sign))


def ink(font: Font, text: str, height: int, rng: np.random.Generator) -> Ink:
    """Draw `text` in one of the font's weights: uint8[h, w], white on black, a tight box.

    `height` is the height in pixels of the font's digits together: a comma
    stays smaller, as on paper. A lone 0 or 7 is slashed, dotted or crossed now
    and then. Raises ValueError when the font lacks one of the characters.
    """
    files = font.weights[rng.integers(len(font.weights))]
    path = _file(files, text)
    if path is None:
        raise ValueError(f"{font.name} has no {text!r}")
    # The size that gives `height`, and the power of two above it at which glyphs are drawn:
    # opening a font takes longer than drawing with it.
    em = height / _digit_height(files["latin"])
    drawn_em = max(_SMALLEST_EM, 1 << int(np.ceil(np.log2(em))))
    drawn = _mask(_open(path, drawn_em), text)
    if text in {"0", "7"}:
        drawn = _marked(drawn, text, rng)
    size = tuple(max(1, round(side * em / drawn_em)) for side in drawn.shape[::-1])
    return cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)


def _font(package: Path) -> Font:
    about: dict[str, Any] = json.loads((package / "metadata.json").read_text("utf-8"))
    stated = about["license"] if isinstance(about["license"], dict) else {}
    weights = []
    for weight in about["weights"]:
        files = {
            subset: package / "files" / f"{package.name}-{subset}-{weight}-normal.woff2"
            for subset in _SUBSETS
        }
        there = {subset: path for subset, path in files.items() if path.is_file()}
        if "latin" in there:
            weights.append(there)
    return Font(package.name, stated.get("type", "not stated"), tuple(weights))


def _file(files: Mapping[str, Path], text: str) -> Path | None:
    return next((path for path in files.values() if all(_has(path, sign) for sign in text)), None)


@lru_cache(maxsize=65536)
def _has(path: Path, sign: str) -> bool:
    """Whether the file draws `sign`, with ink and not as the box for what it lacks."""
    font = _open(path, _SMALLEST_EM)
    lacking, drawn = _mask(font, "\U0010ffff"), _mask(font, sign)
    return drawn.size > 0 and not np.array_equal(drawn, lacking)


@lru_cache(maxsize=1024)
def _digit_height(path: Path) -> float:
    """The height of the digits together, in ems."""
    return _mask(_open(path, _MEASURING_EM), DIGITS).shape[0] / _MEASURING_EM


@lru_cache(maxsize=1024)
def _open(path: Path, em: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, em, layout_engine=ImageFont.Layout.BASIC)


def _mask(font: ImageFont.FreeTypeFont, text: str) -> Ink:
    left, top, right, bottom = font.getbbox(text)
    # A pixel to spare on each side: the box is in whole pixels, an edge may not be.
    picture = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
    ImageDraw.Draw(picture).text((1 - left, 1 - top), text, 255, font)
    return _tight(np.asarray(picture))


def _marked(drawn: Ink, digit: str, rng: np.random.Generator) -> Ink:
    """A 0 with a slash or a dot, a 7 with a bar, as often as their shares say."""
    chance = rng.random()
    if chance >= (_SLASHED + _DOTTED if digit == "0" else _CROSSED):
        return drawn
    height, width = drawn.shape
    # The widest place of the ink is about as wide as the pen.
    solid = (drawn > 127).astype(np.uint8)
    pen = max(2, round(1.7 * float(cv2.distanceTransform(solid, cv2.DIST_L2, 3).max())))
    if digit == "7":
        row = round(height * rng.uniform(0.42, 0.6))
        middle = float(np.average(np.arange(width), weights=drawn[row] + 1e-6))
        reach, tilt = width * rng.uniform(0.22, 0.38), height * rng.uniform(-0.05, 0.03)
        ends = (middle - reach, row - tilt), (middle + reach, row + tilt)
    elif width < 3 * pen:
        return drawn  # the hole would be gone
    elif chance < _SLASHED:
        pen = max(2, round(0.7 * pen))
        over = rng.uniform(-0.12, 0.08)
        ends = (width * over, height * (1 - over)), (width * (1 - over), height * over)
    else:
        ends = (width / 2, height / 2), (width / 2, height / 2)
    # The slash's ends lie up to 0.12 of a side outside, and half the pen beyond.
    edge = pen + max(height, width) // 4
    marked = cv2.copyMakeBorder(drawn, *[edge] * 4, cv2.BORDER_CONSTANT, value=0)
    start, end = ((round(x) + edge, round(y) + edge) for x, y in ends)
    cv2.line(marked, start, end, 255, pen, cv2.LINE_AA)
    return _tight(marked)


def _tight(drawn: Ink) -> Ink:
    left, top, width, height = cv2.boundingRect(drawn)
    return drawn[top : top + height, left : left + width]
