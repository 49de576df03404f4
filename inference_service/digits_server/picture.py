"""The pictures of a request, as plain values."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass

import digits_core
import numpy as np
from digits_core import Limits, Normalized
from digits_core.errors import WrongSize
from numpy.typing import NDArray
from typing_extensions import override

from digits_server.errors import ImageMissing

LIGHT_PIXELS = 2**17
"""A canvas of 360 x 360 is decoded and normalised in about a millisecond."""

LIGHT_BYTES = 2**16
"""A drawing takes a tenth; more would be metadata, or noise."""

# What a PNG file has beside its pixels, which take four bytes at most.
_BYTES_BESIDE = 2**10
_PNG_SIDES = re.compile(rb"\x89PNG\r\n\x1a\n....IHDR(....)(....)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Picture(ABC):
    """Where what a model sees comes from.

    `field` is the picture's path in the request. What is `heavy` takes longer to
    prepare than the event loop may be held up.
    """

    field: str

    @property
    def heavy(self) -> bool:
        """Whether it has more pixels than a drawing, or may have."""
        return False

    @property
    def countable(self) -> bool:
        """Whether it may show several digits: values are one digit's, whoever sent them."""
        return True

    @abstractmethod
    def grey(self, limits: Limits) -> NDArray[np.uint8]:
        """Make it grey, uint8[H, W]; raises `digits_core.errors.ImageError`."""

    def prepare(self, limits: Limits) -> Normalized:
        """Make it 28x28; raises `digits_core.errors.ImageError`."""
        return digits_core.prepare(self.grey(limits), limits)


@dataclass(frozen=True, slots=True)
class Encoded(Picture):
    """A file."""

    data: bytes

    @property
    @override
    def heavy(self) -> bool:
        # Only of PNG, which canvases give, are the sides told without reading the header. A second
        # header would overrule the first, and packed text or a profile takes longer than pixels.
        sides = _PNG_SIDES.match(self.data)
        if sides is None or self.data.count(b"IHDR") > 1:
            return True
        if any(packed in self.data for packed in (b"zTXt", b"iTXt", b"iCCP")):
            return True
        width, height = (int.from_bytes(side) for side in sides.groups())
        most = min(LIGHT_BYTES, 4 * width * height + _BYTES_BESIDE)
        return width * height > LIGHT_PIXELS or len(self.data) > most

    @override
    def grey(self, limits: Limits) -> NDArray[np.uint8]:
        return digits_core.decoded(self.data, limits)

    @override
    def prepare(self, limits: Limits) -> Normalized:
        # One digit needs fewer pixels of a large photo than a number does.
        return digits_core.prepare(self.data, limits)


@dataclass(frozen=True, slots=True)
class Raw(Picture):
    """Rows of 1, 3 or 4 bytes a pixel."""

    width: int
    height: int
    channels: int
    data: bytes

    @property
    @override
    def heavy(self) -> bool:
        return self.width * self.height > LIGHT_PIXELS

    @override
    def grey(self, limits: Limits) -> NDArray[np.uint8]:
        shape = (self.height, self.width, self.channels)
        size = self.height * self.width * self.channels
        if min(shape) < 1 or len(self.data) != size:
            raise WrongSize(
                f"{self.width} x {self.height} pixels of {self.channels} channels do not take "
                f"the {len(self.data):,} bytes that came: send width * height * channels"
            )
        return digits_core.decoded(np.frombuffer(self.data, np.uint8).reshape(shape), limits)


@dataclass(frozen=True, slots=True)
class Pixels(Picture):
    """The 784 values as they go into the model."""

    data: bytes

    @property
    def values(self) -> NDArray[np.uint8]:
        """The values, uint8[28, 28]; raises `digits_core.errors.WrongSize`."""
        return digits_core.values(self.data)

    @property
    @override
    def countable(self) -> bool:
        return False

    @override
    def grey(self, limits: Limits) -> NDArray[np.uint8]:
        return self.values

    @override
    def prepare(self, limits: Limits) -> Normalized:
        return digits_core.from_pixels(self.data)


@dataclass(frozen=True, slots=True)
class Missing(Picture):
    """No picture at all: a fault of its item alone."""

    @override
    def grey(self, limits: Limits) -> NDArray[np.uint8]:
        raise ImageMissing("there is no picture: set one of encoded, pixels and raw")
