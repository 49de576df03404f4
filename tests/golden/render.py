"""Renders the golden pictures from our own strokes, and what the normaliser makes of them.

    python -m tests.golden.render

writes `pictures/`, one of each kind that people send, and `vN/`, the 28x28 of each
under the normaliser's version N. A picture that is there already is kept: encoders
change with their versions, and the files are the reference.
"""

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from digits_core.image import NORMALIZER_VERSION, decode, normalize
from digits_train.drawings import drawing
from numpy.typing import NDArray
from PIL import Image

GOLDEN = Path(__file__).parent
PICTURES = GOLDEN / "pictures"
EXPECTED = GOLDEN / f"v{NORMALIZER_VERSION}"
EXAMPLES = GOLDEN.parents[1] / "clients" / "python" / "examples"

Grey = NDArray[np.uint8]


def file(picture: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file's content."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def grey(picture: Grey, kind: str = "PNG", mode: str = "L", **options: object) -> bytes:
    """A grey picture as a file of `kind` in Pillow's `mode`."""
    return file(Image.fromarray(picture).convert(mode), kind, **options)


def transparent(picture: Grey, ink: int) -> bytes:
    """The dark strokes of a picture as `ink` on transparent ground."""
    rgba = np.full((*picture.shape, 4), ink, np.uint8)
    rgba[..., 3] = 255 - picture
    return file(Image.fromarray(rgba), "PNG")


def sixteen_bit(picture: Grey) -> bytes:
    """A 16-bit grey PNG that uses a dark part of its range."""
    return file(Image.fromarray(picture.astype(np.uint16) * 120), "PNG")


def turned(picture: Grey, orientation: int) -> bytes:
    """A picture that a camera held sideways stored, with the EXIF tag that says so."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(picture).transpose(Image.Transpose.ROTATE_90)
    return file(stored, "JPEG", exif=exif, quality=90)


def photo(picture: Grey, seed: int) -> Grey:
    """Shade from one corner, grain and blur, like a phone's photo of paper."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]] / picture.shape[0]
    light = 0.55 + 0.45 * np.clip(rows * 0.7 + columns * 0.6, 0, 1)
    grain = random.normal(0, 4, picture.shape)
    return np.clip(cv2.GaussianBlur(picture * light, (5, 5), 0) + grain, 0, 255).astype(np.uint8)


def ruled(picture: Grey, spacing: int = 35) -> Grey:
    """Pale lines across the paper."""
    lined = picture.copy()
    lined[spacing // 2 :: spacing] = np.minimum(lined[spacing // 2 :: spacing], 195)
    return lined


def framed(picture: Grey) -> Grey:
    """A form field's box round the digit."""
    side = picture.shape[0]
    return cv2.rectangle(picture, (12, 12), (side - 12, side - 12), 40, 3)


def two(left: int, right: int) -> Grey:
    """Two digits side by side."""
    return np.hstack([drawing(left, side=160, pen=9), drawing(right, side=160, pen=9)])


def number() -> Grey:
    """A year, as somebody draws it with a mouse: 1984."""
    middles = {1: 0.48, 9: 0.53, 8: 0.45, 4: 0.51}
    drawn = [drawing(digit, side=110, pen=7, at=(0.5, y)) for digit, y in middles.items()]
    return np.hstack(drawn)


def wide_in_large(digit: int) -> Grey:
    """A small digit far off the middle of a large sheet."""
    return drawing(digit, side=1200, pen=6, fill=0.06, at=(0.82, 0.2))


RENDERED: dict[str, Callable[[], bytes]] = {
    "0-canvas.png": lambda: grey(drawing(0, pen=18)),
    "0-marker.png": lambda: grey(drawing(0, 1, pen=40)),
    "1-canvas.webp": lambda: grey(drawing(1, pen=16), "WEBP", "RGB", lossless=True),
    "1-footed-hairline.png": lambda: grey(drawing(1, 1, side=400, pen=1)),
    "2-black-on-transparent.png": lambda: transparent(drawing(2, paper=255, ink=0), 0),
    "2-white-on-transparent.png": lambda: transparent(drawing(2, 1, paper=255, ink=0), 255),
    "3-chalk.png": lambda: grey(drawing(3, ink=235, paper=45)),
    "3-palette.gif": lambda: grey(drawing(3, 1, pen=12), "GIF", "P"),
    "4-photo.jpg": lambda: grey(photo(drawing(4, ink=70), 4), "JPEG", quality=80),
    "4-pencil.png": lambda: grey(drawing(4, 1, ink=165, paper=205, pen=8)),
    "5-ruled.png": lambda: grey(ruled(drawing(5, pen=13))),
    "5-detached-bar.bmp": lambda: grey(drawing(5, 1, side=120, pen=6), "BMP"),
    "6-sideways.jpg": lambda: turned(drawing(6, pen=15), 6),
    "6-cmyk.tif": lambda: grey(drawing(6, 1, side=140, pen=8), "TIFF", "CMYK"),
    "7-sixteen-bit.png": lambda: sixteen_bit(drawing(7)),
    "7-crossed-28.png": lambda: grey(drawing(7, 1, side=28, pen=2, fill=0.75)),
    "8-framed.png": lambda: grey(framed(drawing(8, pen=12))),
    "8-at-border.png": lambda: grey(drawing(8, 1, pen=14, at=(0.27, 0.29))),
    "9-small-in-large.png": lambda: grey(wide_in_large(9)),
    "9-photo-dark.jpg": lambda: grey(photo(drawing(9, 1, ink=190, paper=60), 9), "JPEG"),
    "two-digits.png": lambda: grey(two(4, 7)),
    "blank.png": lambda: grey(np.full((120, 90), 250, np.uint8)),
}


def main() -> None:
    """Render what is missing and the README's examples, and write the 28x28 of every picture."""
    PICTURES.mkdir(exist_ok=True)
    EXPECTED.mkdir(exist_ok=True)
    for name, render in RENDERED.items():
        path = PICTURES / name
        if not path.exists():
            path.write_bytes(render())
        seen = normalize(decode(path.read_bytes()))
        Image.fromarray(seen.pixels).save(EXPECTED / f"{name}.png")
    (EXAMPLES / "digit.png").write_bytes(grey(drawing(8, pen=16)))
    (EXAMPLES / "number.png").write_bytes(grey(number()))


if __name__ == "__main__":
    main()
