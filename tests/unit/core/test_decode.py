"""Decoding: by content, within limits, upright, on paper."""

import contextlib
import io
import struct
import time
import zlib

import cv2
import numpy as np
import pytest
from digits_core.errors import (
    BadAspect,
    CorruptImage,
    EmptyImage,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    TooManyPixels,
    UnsupportedFormat,
    WrongSize,
)
from digits_core.image import Limits, decode, grey
from PIL import Image

ORIENTATION = 0x0112
STORED = {  # how a camera held the other way stores an upright picture, by orientation
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.fixture
def seven() -> np.ndarray:
    """A dark 7 on light paper, uint8[60, 44], without symmetry."""
    picture = np.full((60, 44), 230, np.uint8)
    cv2.polylines(picture, [np.array([[8, 10], [34, 10], [16, 52]])], False, 20, 4, cv2.LINE_AA)
    return picture


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file's content."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


WRITABLE = {
    "PNG": ["L", "RGB", "P", "LA", "RGBA", "1"],
    "JPEG": ["L", "RGB", "CMYK"],
    "WEBP": ["L", "RGB", "LA", "RGBA"],
    "BMP": ["L", "RGB", "P", "RGBA", "1"],
    "GIF": ["L", "RGB", "P", "1"],
    "TIFF": ["L", "RGB", "P", "LA", "RGBA", "CMYK", "1"],
}


@pytest.mark.parametrize(
    ("kind", "mode"), [(kind, mode) for kind, modes in WRITABLE.items() for mode in modes]
)
def test_every_format_and_mode_gives_the_same_picture(
    seven: np.ndarray, kind: str, mode: str
) -> None:
    """Lossless files decode exactly, lossy ones to within 4 levels on average."""
    if mode == "1":
        seven = np.where(seven > 127, 255, 0).astype(np.uint8)
    data = encoded(Image.fromarray(seven).convert(mode), kind)

    error = np.abs(decode(data).astype(int) - seven)

    lossy = kind in ("JPEG", "WEBP")
    assert error.max() <= (60 if lossy else 1)
    assert error.mean() <= (4 if lossy else 0.1)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        pytest.param(lambda p: p.astype(np.uint16) * 257, "PNG", id="16-bit PNG"),
        pytest.param(lambda p: p.astype(np.uint16) * 257, "TIFF", id="16-bit TIFF"),
        pytest.param(lambda p: p.astype(np.int32) * 257, "TIFF", id="32-bit TIFF"),
        pytest.param(lambda p: p.astype(np.float32) / 255, "TIFF", id="float TIFF 0 to 1"),
        pytest.param(lambda p: p.astype(np.float32), "TIFF", id="float TIFF 0 to 255"),
    ],
)
def test_deep_values_are_scaled(seven: np.ndarray, values: object, kind: str) -> None:
    """Values of 16 bits and more come within 1/255 of their 8-bit twin."""
    data = encoded(Image.fromarray(values(seven)), kind)  # type: ignore[operator]

    assert np.abs(decode(data).astype(int) - seven).max() <= 1


def test_sixteen_bit_colour_with_alpha(seven: np.ndarray) -> None:
    """A 16-bit RGBA PNG, which OpenCV decodes, is scaled too."""
    deep = seven.astype(np.uint16) * 257
    opaque = np.full(seven.shape, 65535, np.uint16)
    data = cv2.imencode(".png", np.dstack([deep, deep, deep, opaque]))[1].tobytes()

    assert np.abs(decode(data).astype(int) - seven).max() <= 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.5, 1e9])
def test_float_values_without_a_meaning_are_refused(seven: np.ndarray, value: float) -> None:
    """A float TIFF with values that no scale explains is an error, not a guess."""
    picture = seven.astype(np.float32) / 255
    picture[3, 3] = value

    with pytest.raises(CorruptImage, match="8 bits"):
        decode(encoded(Image.fromarray(picture), "TIFF"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(seven: np.ndarray, kind: str, orientation: int) -> None:
    """All eight orientations come out upright."""
    upright = Image.fromarray(seven)
    way = STORED[orientation]
    stored = upright if way is None else upright.transpose(way)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation

    picture = decode(encoded(stored.convert("RGB"), kind, exif=exif))

    assert picture.shape == seven.shape
    assert np.abs(picture.astype(int) - seven).mean() < 4


@pytest.mark.parametrize(
    ("enough", "factor"),
    [
        pytest.param(None, 1, id="all of it"),
        pytest.param(601, 1, id="not twice as many"),
        pytest.param(600, 2, id="twice as many"),
        pytest.param(299, 4, id="four times as many"),
        pytest.param(10, 8, id="eight times is the most"),
    ],
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_jpeg_comes_out_smaller(
    seven: np.ndarray, enough: int | None, factor: int, orientation: int
) -> None:
    """As small as it may, upright, and the same picture."""
    large = np.kron(seven, np.ones((20, 20), np.uint8))
    stored = large if orientation == 1 else np.rot90(large)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation

    picture = decode(encoded(Image.fromarray(stored), "JPEG", exif=exif), enough=enough)

    assert picture.shape == (1200 // factor, 880 // factor)
    same = cv2.resize(large, picture.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(picture.astype(int) - same).mean() < 2


def test_other_files_keep_their_size(seven: np.ndarray) -> None:
    """Their decoders make all pixels anyway."""
    assert decode(encoded(Image.fromarray(seven), "PNG"), enough=10).shape == seven.shape


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0)])
def test_ink_on_transparent_ground(kind: str, ink: int, paper: int) -> None:
    """Black or white ink on transparent ground lies on paper of the other colour."""
    pixels = np.full((40, 40, 4), ink, np.uint8)
    pixels[..., 3] = 0
    pixels[10:30, 18:22, 3] = 255

    options = {"lossless": True} if kind == "WEBP" else {}
    picture = decode(encoded(Image.fromarray(pixels), kind, **options))

    assert picture[0, 0] == paper
    assert picture[20, 20] == ink


def test_transparent_corners_go_on_as_paper() -> None:
    """A mostly opaque picture is not framed by its transparent corners."""
    pixels = np.full((40, 40, 4), (200, 200, 200, 255), np.uint8)
    pixels[:6, :6, 3] = 0

    assert decode(encoded(Image.fromarray(pixels), "PNG"))[0, 0] == 200


def test_fully_transparent_is_blank_paper() -> None:
    """Without any opaque pixel there is no ink, whatever colour hides below."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 4), np.uint8)
    pixels[..., 3] = 0

    assert np.ptp(decode(encoded(Image.fromarray(pixels), "PNG"))) == 0


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_several(seven: np.ndarray, kind: str) -> None:
    """An animation or a multi-page file gives its first frame."""
    later = [Image.fromarray(np.full_like(seven, 128))] * 3
    data = encoded(
        Image.fromarray(seven).convert("RGB"),
        kind,
        save_all=True,
        append_images=[frame.convert("RGB") for frame in later],
    )

    assert np.abs(decode(data).astype(int) - seven).mean() < 4


@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC", id="heic"),
        pytest.param(b'<?xml version="1.0"?><svg xmlns="x"/>', "SVG", id="svg"),
        pytest.param(b"%PDF-1.7\n", "PDF", id="pdf"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n", "EPS", id="eps"),
        pytest.param(b"<!DOCTYPE html><html></html>", "HTML", id="html"),
        pytest.param(b"just some words\n", "text", id="text"),
        pytest.param(b"iVBORw0KGgoAAAANSUhEUg==", "base64", id="base64"),
        pytest.param(b"\x00\x01\x02\x03" * 9, "unknown", id="unknown"),
    ],
)
def test_other_formats_are_named(data: bytes, found: str) -> None:
    """The error says what the file is and what to send instead."""
    with pytest.raises(UnsupportedFormat, match=found) as caught:
        decode(data)

    assert "PNG" in str(caught.value)


def test_no_bytes() -> None:
    """Zero bytes have a reason of their own."""
    with pytest.raises(EmptyImage):
        decode(b"")


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file."""
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG file that claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height", "error"),
    [
        (65535, 65535, TooManyPixels),
        (2**31 - 1, 2**31 - 1, TooManyPixels),
        (13000, 13000, TooManyPixels),
        (20001, 1000, TooManyPixels),
        (8000, 7000, TooManyPixels),
        (1, 1, ImageTooSmall),
        (3, 100, ImageTooSmall),
        (1, 20000, ImageTooSmall),
        (1000, 19, BadAspect),
    ],
)
def test_limits_come_from_the_header(width: int, height: int, error: type[ImageError]) -> None:
    """A claim beyond the limits is refused at once, before any pixel is decoded."""
    started = time.process_time()
    with pytest.raises(error):
        decode(png(width, height, chunk(b"IDAT", zlib.compress(b"\0" * 100))))

    assert time.process_time() - started < 0.1


def test_limits_are_a_value(seven: np.ndarray) -> None:
    """Each limit can be set, and its error names the limit in force."""
    data = encoded(Image.fromarray(seven), "PNG")

    with pytest.raises(ImageTooLarge, match="100"):
        decode(data, Limits(max_bytes=100))
    with pytest.raises(TooManyPixels, match="2,000"):
        decode(data, Limits(max_pixels=2000))
    with pytest.raises(ImageTooSmall, match="50"):
        decode(data, Limits(min_side=50))


def test_bombs_cost_nothing(seven: np.ndarray) -> None:
    """Text, profile and pixel data that inflate to a gigabyte are refused or ignored in 0.1 s."""
    bomb = zlib.compress(bytes(2**26), 9)
    pixels = zlib.compress(b"".join(b"\0" + bytes(8) for _ in range(8)) + bytes(2**26))
    bombs = [
        png(8, 8, chunk(b"zTXt", b"a\0\0" + bomb), chunk(b"IDAT", pixels)),
        png(8, 8, chunk(b"iCCP", b"a\0\0" + bomb), chunk(b"IDAT", pixels)),
        png(8, 8, chunk(b"IDAT", pixels)),
    ]
    started = time.process_time()
    for data in bombs:
        with contextlib.suppress(ImageError):
            decode(data)

    assert time.process_time() - started < 0.3


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_truncated_files(seven: np.ndarray, kind: str) -> None:
    """A file cut at any of 20 points is an `ImageError` or decodes; nothing else is raised."""
    data = encoded(Image.fromarray(seven).convert("RGB"), kind)
    refused = 0
    for cut in np.linspace(1, len(data) - 1, 20).astype(int):
        try:
            decode(data[:cut])
        except ImageError:
            refused += 1

    assert refused >= 15


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_flipped_bits(seven: np.ndarray, kind: str) -> None:
    """A damaged file is an `ImageError` or decodes to a picture within the limits."""
    random = np.random.default_rng(7)
    data = encoded(Image.fromarray(seven).convert("RGB"), kind)
    for _ in range(200):
        damaged = bytearray(data)
        damaged[random.integers(len(data))] ^= 1 << int(random.integers(8))
        try:
            picture = decode(bytes(damaged))
        except ImageError:
            continue
        assert picture.dtype == np.uint8
        assert picture.ndim == 2


def test_raw_pixels(seven: np.ndarray) -> None:
    """Grey, RGB and RGBA arrays give the same grey picture."""
    colour = np.dstack([seven] * 3)
    rgba = np.dstack([seven] * 3 + [np.full_like(seven, 255)])

    for pixels in (seven, seven[..., None], colour, rgba):
        assert np.abs(grey(pixels).astype(int) - seven).max() <= 1


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(np.zeros((9, 9, 2), np.uint8), id="two channels"),
        pytest.param(np.zeros((9, 9), np.float32), id="float"),
        pytest.param(np.zeros(81, np.uint8), id="flat"),
    ],
)
def test_raw_pixels_of_another_shape(pixels: np.ndarray) -> None:
    """Anything but uint8 [H, W], [H, W, 1], [H, W, 3 or 4] names the cure."""
    with pytest.raises(WrongSize, match="uint8"):
        grey(pixels)
