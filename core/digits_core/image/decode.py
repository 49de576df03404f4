"""From a file's bytes, or raw pixels, to a grey picture.

Pillow reads the header, so that a picture beyond the limits costs microseconds;
OpenCV decodes the everyday PNG, JPEG and WebP files (two to three times as fast
as Pillow), and Pillow the rest.
"""

import io
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from digits_core.errors import CorruptImage, ImageError, TooManyPixels, WrongSize
from digits_core.image.formats import READ, sniff
from digits_core.image.limits import Limits

Grey: TypeAlias = NDArray[np.uint8]

_EXIF_ORIENTATION = 0x0112
_BY_OPENCV = {"PNG", "JPEG", "WEBP"}
# By how much a JPEG may come out smaller: its decoder then leaves out the finer cosines.
_REDUCED = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
_OPAQUE_MODES = {"1", "L", "P", "RGB"}


def decode(data: bytes, limits: Limits | None = None, *, enough: int | None = None) -> Grey:
    """Decode a PNG, JPEG, WebP, BMP, GIF or TIFF file into uint8[H, W], 0 dark to 255 bright.

    The format is told by the content. The first frame is taken, turned upright
    by its EXIF orientation; 16-bit and float values are scaled; transparent
    parts become paper that contrasts with the ink. Where `enough` pixels of the
    longer side will do, a JPEG that has twice as many or more comes out 2, 4 or
    8 times smaller, which takes less time and memory.

    Raises the `ImageError`s of `digits_core.errors`; the limits are checked on
    the header, before anything is decoded.
    """
    limits = limits or Limits()
    kind = sniff(data)
    limits.check_bytes(len(data))
    try:
        with Pillow.open(io.BytesIO(data), formats=READ) as header:
            limits.check_shape(*header.size)
            if not _is_whole(data, kind):
                raise CorruptImage(f"the {kind} file is cut short: send it again")
            if kind in _BY_OPENCV and _is_everyday(header):
                factor = _reduction(max(header.size), enough) if kind == "JPEG" else 1
                picture = _by_opencv(data, factor, has_alpha=header.mode == "RGBA")
            else:
                picture = _by_pillow(header)
            return _upright(picture, _orientation(header))
    except (ImageError, MemoryError):
        raise
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise TooManyPixels(
            f"the picture has far more than the {limits.max_pixels:,} pixels that are read: "
            "send a smaller copy"
        ) from error
    except Exception as error:  # decoders fail on hostile bytes in any way they like
        raise CorruptImage(f"the {kind} file cannot be decoded: save it again") from error


def grey(pixels: NDArray[np.uint8], limits: Limits | None = None) -> Grey:
    """Turn raw uint8 pixels [H, W], [H, W, 1], [H, W, 3] (RGB) or [H, W, 4] (RGBA) grey.

    Raises `WrongSize` for any other shape or type, and what `Limits` raises.
    """
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise WrongSize(
            f"pixels are {pixels.dtype}{list(pixels.shape)}: "
            "send uint8 [H, W], [H, W, 1], [H, W, 3] or [H, W, 4]"
        )
    (limits or Limits()).check_shape(pixels.shape[1], pixels.shape[0])
    if channels == 4:
        return _on_paper(cv2.cvtColor(pixels, cv2.COLOR_RGBA2GRAY), pixels[..., 3])
    if channels == 3:
        return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.ascontiguousarray(pixels.reshape(pixels.shape[:2]))


def _is_whole(data: bytes, kind: str) -> bool:
    """Whether the end is there: OpenCV decodes the start of a file cut short without a word."""
    if kind == "PNG":
        return b"IEND" in data
    if kind == "JPEG":  # the last scan (FFDA) ends with an end of image (FFD9)
        end = data.rfind(b"\xff\xd9")
        return end >= 0 and data.find(b"\xff\xda", end) < 0
    return True


def _reduction(side: int, enough: int | None) -> int:
    """By how much a JPEG's side may shrink and keep `enough` pixels."""
    return max(factor for factor in _REDUCED if factor == 1 or (enough and side >= factor * enough))


def _is_everyday(header: Pillow.Image) -> bool:
    if getattr(header, "is_animated", False):
        return False
    if header.mode == "RGBA":
        return True
    return header.mode in _OPAQUE_MODES and "transparency" not in header.info


def _by_opencv(data: bytes, factor: int, *, has_alpha: bool) -> Grey:
    # `IGNORE_ORIENTATION`: one place turns pictures, for both libraries.
    colour = cv2.IMREAD_UNCHANGED if has_alpha else _REDUCED[factor]
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), colour | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise CorruptImage("the picture's data is damaged: save it again")
    if picture.dtype == np.uint16:
        picture = _bytes_of(picture, 65535)
    if has_alpha:
        return _on_paper(cv2.cvtColor(picture, cv2.COLOR_BGRA2GRAY), picture[..., 3])
    return picture


def _by_pillow(header: Pillow.Image) -> Grey:
    if header.has_transparency_data:
        rgba = np.asarray(header.convert("RGBA"))
        return _on_paper(cv2.cvtColor(rgba, cv2.COLOR_RGBA2GRAY), rgba[..., 3])
    if header.mode.startswith("I;16"):
        return _bytes_of(np.asarray(header), 65535)
    if header.mode in ("I", "F"):
        values = np.asarray(header)
        return _bytes_of(values, _white_of(values))
    return np.asarray(
        header.convert("RGB").convert("L") if header.mode == "CMYK" else header.convert("L")
    )


def _white_of(values: NDArray[np.int32] | NDArray[np.float32]) -> float:
    """What counts as white among values without a fixed range: 1, 255 or 65535."""
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 65535:
        raise CorruptImage(
            "the picture holds values that are not finite or not in 0 to 1, 255 or 65535: "
            "save it with 8 bits"
        )
    top = float(values.max())
    if top <= 1 and values.dtype.kind == "f":
        return 1.0
    return 255.0 if top <= 255 else 65535.0


def _bytes_of(values: NDArray[np.generic], white: float) -> Grey:
    return np.rint(values.astype(np.float32) * np.float32(255 / white)).astype(np.uint8)


def _on_paper(picture: Grey, alpha: Grey) -> Grey:
    """Lay a grey picture [H, W] with transparency on paper.

    Where most is opaque, the paper goes on behind the transparent rest; else the
    opaque part is taken for ink, and the paper is white or black, whichever is
    further from it.
    """
    opacity = cv2.mean(alpha)[0] / 255
    if opacity == 1:
        return picture
    if opacity == 0:
        return np.full_like(picture, 255)
    if opacity > 0.5:
        paper = float(np.median(picture[alpha > 127]))
    else:
        ink = float(np.average(picture, weights=alpha))
        paper = 255.0 if ink < 128 else 0.0
    share = alpha.astype(np.float32) * np.float32(1 / 255)
    return np.rint(paper + (picture.astype(np.float32) - paper) * share).astype(np.uint8)


def _orientation(header: Pillow.Image) -> int:
    # Pillow turns TIFF itself; asking a PNG without EXIF would decode all of it.
    if header.format == "TIFF" or "exif" not in header.info:
        return 1
    try:
        return int(header.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - a damaged tag says nothing about the pixels
        return 1


def _upright(picture: Grey, orientation: int) -> Grey:
    """Undo the EXIF orientation 1 to 8 (Exif 2.3, tag 0x0112)."""
    if orientation in (5, 6, 7, 8):
        picture = picture.T
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    return np.ascontiguousarray(picture)
