"""A picture with what was read in it: a box round each character, its digit beside it."""

import importlib.util
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits_client.answers import Number, NumberDigit
from digits_client.errors import DigitsError
from digits_client.images import Picture
from digits_client.numbers import NO_DIGIT

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

DIGIT, UNSURE, OTHER = (0, 110, 220), (225, 120, 0), (210, 0, 110)
"""The colours of digits, doubtful ones and what is none: apart for colour-blind eyes, too."""

_PAPER = (255, 255, 255)


def possible() -> bool:
    """Return whether Pillow is there, which the client does not bring."""
    return importlib.util.find_spec("PIL") is not None


def annotated(picture: Picture, number: Number) -> bytes:
    """Return the upright picture with the number's boxes and digits, a PNG file's content.

    `picture` is a path or a file's bytes. Raises `DigitsError` when Pillow cannot
    open it.
    """
    from PIL import ImageDraw  # noqa: PLC0415 - only here, as few need it

    image = _upright(picture)
    draw = ImageDraw.Draw(image)
    line = max(1, round(max(image.size) / 500))
    for digit in number.digits:
        _mark(draw, digit, line, image.size)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _upright(picture: Picture) -> Any:
    """Open a picture as RGB on white paper, turned as its EXIF says."""
    from PIL import Image, ImageOps  # noqa: PLC0415

    try:
        # Bytes in any case: of a TIFF that it opens by its path, Pillow 13 gets the turn wrong.
        if isinstance(picture, str | os.PathLike):
            picture = Path(picture).read_bytes()
        with Image.open(io.BytesIO(picture)) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I"):  # 16 bits, which Pillow would clip, not scale
                upright = upright.convert("I").point(lambda value: value * (1 / 257)).convert("L")
            if not upright.has_transparency_data:
                return upright.convert("RGB")
            clear = upright.convert("RGBA")
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow makes of a bad file
        raise DigitsError(f"the picture cannot be drawn on: {error}") from error
    paper = Image.new("RGB", clear.size, _PAPER)
    paper.paste(clear, mask=clear)
    return paper


def _mark(draw: "ImageDraw", digit: NumberDigit, line: int, size: tuple[int, int]) -> None:
    """Draw a character's box round it, and its digit above, or below where there is no room."""
    from PIL import ImageFont  # noqa: PLC0415

    colour = OTHER if digit.digit is None else DIGIT if digit.accepted else UNSURE
    box = digit.box
    left, top = box.x - line, box.y - line
    right, bottom = box.x + box.width - 1 + line, box.y + box.height - 1 + line
    draw.rectangle((left, top, right, bottom), outline=colour, width=line)
    height = min(max(10, box.height // 2), 4 * max(10, size[1] // 20))
    font = ImageFont.load_default(height)
    above = top - line >= height
    draw.text(
        ((left + right) / 2, top - line if above else min(bottom + line + height, size[1] - 1)),
        NO_DIGIT if digit.digit is None else str(digit.digit),
        fill=colour,
        font=font,
        anchor="ms",
        stroke_width=max(1, height // 12),
        stroke_fill=_PAPER,
    )
