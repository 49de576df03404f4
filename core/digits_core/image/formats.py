"""Telling what a file is from its first bytes."""

from digits_core.errors import EmptyImage, UnsupportedFormat

READ = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
"""The formats that are read, by Pillow's names."""

_CURE = "send a PNG, JPEG, WebP, BMP, GIF or TIFF file"

# Offset and bytes of each format's signature, from its specification.
_SIGNATURES: tuple[tuple[str, int, bytes], ...] = (
    ("PNG", 0, b"\x89PNG\r\n\x1a\n"),
    ("JPEG", 0, b"\xff\xd8\xff"),
    ("WEBP", 8, b"WEBP"),
    ("BMP", 0, b"BM"),
    ("GIF", 0, b"GIF87a"),
    ("GIF", 0, b"GIF89a"),
    ("TIFF", 0, b"II*\x00"),
    ("TIFF", 0, b"MM\x00*"),
    ("TIFF", 0, b"II+\x00"),
    ("TIFF", 0, b"MM\x00+"),
)
_OTHERS: tuple[tuple[str, int, bytes], ...] = (
    ("HEIC", 4, b"ftyphe"),
    ("HEIC", 4, b"ftypmif1"),
    ("HEIC", 4, b"ftypmsf1"),
    ("AVIF", 4, b"ftypavi"),
    ("MP4 video", 4, b"ftyp"),
    ("PDF", 0, b"%PDF"),
    ("EPS or PostScript", 0, b"%!PS"),
    ("EPS or PostScript", 0, b"\xc5\xd0\xd3\xc6"),
    ("JPEG 2000", 4, b"jP  "),
    ("JPEG XL", 0, b"\xff\x0a"),
    ("JPEG XL", 4, b"JXL "),
    ("Photoshop", 0, b"8BPS"),
    ("icon (ICO)", 0, b"\x00\x00\x01\x00"),
    ("ZIP", 0, b"PK\x03\x04"),
    ("gzip", 0, b"\x1f\x8b"),
    ("NumPy array", 0, b"\x93NUMPY"),
)


def sniff(data: bytes) -> str:
    """The format of a file's content, one of `READ`.

    Raises `EmptyImage`, or `UnsupportedFormat` with the format that was found.
    """
    if not data:
        raise EmptyImage(f"the picture has no bytes: {_CURE}")
    for name, offset, signature in _SIGNATURES:
        if data.startswith(signature, offset):
            return name
    found = _name_other(data)
    raise UnsupportedFormat(f"{found} is not read: {_CURE}")


def _name_other(data: bytes) -> str:
    for name, offset, signature in _OTHERS:
        if data.startswith(signature, offset):
            return f"a file of the format {name}"
    text = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "a file of the format SVG"
    if text.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if text.startswith((b"data:image", b"ivborw0kggo", b"/9j/")):
        return "base64 text (decode it first: the service takes the file's bytes)"
    if text and all(byte >= 32 or byte in b"\t\r\n" for byte in text):
        return "text"
    return "a file of an unknown format"
