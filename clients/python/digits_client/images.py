"""From what callers hold, files and arrays, to the contract's `Image`."""

import os
from typing import TYPE_CHECKING, TypeAlias, Union

from digits.v1 import digits_pb2 as pb

from digits_client.errors import ImageError

if TYPE_CHECKING:
    from typing_extensions import Buffer

Picture: TypeAlias = Union[str, os.PathLike[str], "Buffer"]
"""A path, the bytes of an image file, or a uint8 array (H, W) or (H, W, 3 | 4)."""

MESSAGE_BYTES = 32 * 2**20
"""What the server takes in one message."""

_SMALL_FILE = 2**16

ENVELOPE_BYTES = 4096
"""Room in a message for everything but the pictures."""


def encode(picture: Picture) -> pb.Image:
    """Return the message for a path, the bytes of a file, or an array.

    Anything with the buffer protocol counts: one dimension holds an encoded
    file, two or three hold pixels, rows first, 0 dark to 255 bright. Raises
    `ImageError` for a file that cannot be read, an array of another type or
    shape, and a picture that does not fit into a message.
    """
    if isinstance(picture, str | os.PathLike):
        return _fitting(pb.Image(encoded=_content(picture)))
    view = _view(picture)
    match view.shape:
        case (_,):
            return _fitting(pb.Image(encoded=view.tobytes()))
        case (height, width):
            channels = 1
        case (height, width, (1 | 3 | 4) as channels):
            pass
        case shape:
            raise ImageError(
                f"the array has the shape {shape}: a picture is (height, width), "
                "(height, width, 3) for RGB or (height, width, 4) for RGBA",
                reason="WRONG_SIZE",
                field="image.raw",
            )
    raw = pb.RawImage(width=width, height=height, channels=channels, data=view.tobytes())
    return _fitting(pb.Image(raw=raw))


def encode_pixels(pixels: "Buffer") -> pb.Image:
    """Return the message for 28 x 28 values that need no normalising, as MNIST has them."""
    view = _view(pixels)
    if view.nbytes != 784 or view.shape not in ((784,), (28, 28), (28, 28, 1)):
        raise ImageError(
            f"pixels are 784 bytes or an array (28, 28), white ink on black, not {view.shape}: "
            "pass any other picture without `pixels=`, then it is normalised",
            reason="WRONG_SIZE",
            field="image.pixels",
        )
    return pb.Image(pixels=view.tobytes())


def _content(path: str | os.PathLike[str]) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a Path takes as long to make as this to read
            content = file.read(_SMALL_FILE)
            # All that is asked for is allocated first: 32 MiB took thrice as long as a small file.
            return content if len(content) < _SMALL_FILE else content + file.read(MESSAGE_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        cause = getattr(error, "strerror", None) or str(error)
        raise ImageError(
            f"the file cannot be read: {cause}", reason="UNREADABLE_FILE", field="image"
        ) from error


def _view(picture: "Buffer") -> memoryview:
    try:
        view = memoryview(picture)
    except (TypeError, ValueError, BufferError) as error:
        raise TypeError(
            "a picture is a path, the bytes of an image file or a uint8 array, not "
            f"{type(picture).__name__}; numpy.asarray(picture, dtype='uint8') makes such an array"
        ) from error
    if view.format != "B":
        raise ImageError(
            f"the array holds items of the format {view.format!r}, not bytes: pass 0 (dark) to "
            "255 (bright) as uint8; (array * 255).astype('uint8') converts values from 0 to 1",
            reason="UNSUPPORTED_FORMAT",
            field="image.raw",
        )
    return view


def _fitting(image: pb.Image) -> pb.Image:
    if image.ByteSize() > MESSAGE_BYTES - ENVELOPE_BYTES:
        raise ImageError(
            f"the picture does not fit into a message of {MESSAGE_BYTES:,} bytes: send a smaller "
            "copy, or an array as a PNG or JPEG file",
            reason="IMAGE_TOO_LARGE",
            field=f"image.{image.WhichOneof('source')}",
        )
    return image
