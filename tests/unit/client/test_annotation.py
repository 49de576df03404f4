import io
import sys

import numpy as np
import pytest
from digits_client import Box, DigitsError, Number, NumberDigit
from digits_client.annotation import DIGIT, OTHER, UNSURE, annotated, possible
from PIL import Image

GREY = 200


def file(size: tuple[int, int] = (120, 90), kind: str = "PNG", **options) -> bytes:
    """A grey picture's file."""
    content = io.BytesIO()
    Image.new("L", size, GREY).save(content, kind, **options)
    return content.getvalue()


def drawn(picture, *digits: NumberDigit) -> Image.Image:
    """The picture with these characters, decoded."""
    return Image.open(io.BytesIO(annotated(picture, Number("", 0.5, digits, None))))


def character(digit: int | None, box: Box, *, accepted: bool = True) -> NumberDigit:
    """A character in a box."""
    return NumberDigit(digit, 0.9, box, (), accepted, 0)


@pytest.mark.parametrize(
    ("digit", "accepted", "colour"),
    [
        pytest.param(7, True, DIGIT, id="digit"),
        pytest.param(7, False, UNSURE, id="unsure"),
        pytest.param(None, False, OTHER, id="no digit"),
    ],
)
def test_the_colour_says_what_it_is(digit, accepted, colour):
    """The frame lies round the box, the digit above it, and the rest is as it was."""
    image = drawn(file(), character(digit, Box(40, 40, 20, 30), accepted=accepted))
    colours = {place: image.getpixel(place) for place in ((39, 55), (60, 55), (50, 39), (50, 70))}
    above = np.asarray(image)[20:38, 40:60]

    assert set(colours.values()) == {colour}
    assert image.getpixel((50, 55)) == (GREY,) * 3
    assert (above != GREY).any()
    assert (np.asarray(image)[:, 80:] == GREY).all()


@pytest.mark.parametrize(
    "box", [Box(0, 0, 20, 30), Box(100, 60, 20, 30), Box(0, 0, 120, 90)], ids=str
)
def test_a_box_at_the_border_keeps_the_picture_s_size(box):
    """What does not fit is drawn as far as there is room."""
    image = drawn(file(), character(1, box))

    assert image.size == (120, 90)
    assert (np.asarray(image) == DIGIT).all(axis=2).any()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_the_picture_is_upright(tmp_path, kind):
    """Boxes are those of the picture after EXIF; a path is as good as its bytes."""
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    path = tmp_path / "turned"
    path.write_bytes(file(kind=kind, exif=exif))

    assert drawn(str(path)).size == drawn(path.read_bytes()).size == (90, 120)


def test_ink_on_nothing_lies_on_white():
    """A transparent picture gets paper."""
    content = io.BytesIO()
    Image.new("RGBA", (30, 30), (0, 0, 0, 0)).save(content, "PNG")

    assert drawn(content.getvalue()).getpixel((9, 9)) == (255, 255, 255)


def test_sixteen_bits_are_scaled():
    """Grey stays grey."""
    content = io.BytesIO()
    Image.fromarray(np.full((30, 30), GREY * 257, np.uint16)).save(content, "PNG")

    assert drawn(content.getvalue()).getpixel((9, 9)) == (GREY,) * 3


def test_what_pillow_cannot_open_is_said():
    """As an error of ours."""
    with pytest.raises(DigitsError, match="cannot be drawn on"):
        drawn(b"text")


def test_without_pillow_it_is_not_possible(monkeypatch):
    """The command asks before it asks the server."""
    assert possible()
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert not possible()
