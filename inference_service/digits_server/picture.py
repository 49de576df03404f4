"""The pictures of a request, as plain values."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import digits_core
import numpy as np
from digits_core import Limits, Normalized
from digits_core.errors import WrongSize
from typing_extensions import override

from digits_server.errors import ImageMissing


@dataclass(frozen=True, slots=True)
class Picture(ABC):
    """Where a model's 28x28 comes from.

    `field` is the picture's path in the request. `decodes` tells the work of a
    millisecond from that of a microsecond.
    """

    field: str
    decodes: ClassVar[bool] = False

    @abstractmethod
    def prepare(self, limits: Limits) -> Normalized:
        """Make it 28x28; raises `digits_core.errors.ImageError`."""


@dataclass(frozen=True, slots=True)
class Encoded(Picture):
    """A file."""

    decodes: ClassVar[bool] = True
    data: bytes

    @override
    def prepare(self, limits: Limits) -> Normalized:
        return digits_core.prepare(self.data, limits)


@dataclass(frozen=True, slots=True)
class Raw(Picture):
    """Rows of 1, 3 or 4 bytes a pixel."""

    decodes: ClassVar[bool] = True
    width: int
    height: int
    channels: int
    data: bytes

    @override
    def prepare(self, limits: Limits) -> Normalized:
        shape = (self.height, self.width, self.channels)
        size = self.height * self.width * self.channels
        if min(shape) < 1 or len(self.data) != size:
            raise WrongSize(
                f"{self.width} x {self.height} pixels of {self.channels} channels do not take "
                f"the {len(self.data):,} bytes that came: send width * height * channels"
            )
        return digits_core.prepare(np.frombuffer(self.data, np.uint8).reshape(shape), limits)


@dataclass(frozen=True, slots=True)
class Pixels(Picture):
    """The 784 values as they go into the model."""

    data: bytes

    @override
    def prepare(self, limits: Limits) -> Normalized:
        return digits_core.from_pixels(self.data)


@dataclass(frozen=True, slots=True)
class Missing(Picture):
    """No picture at all: a fault of its item alone."""

    @override
    def prepare(self, limits: Limits) -> Normalized:
        raise ImageMissing("there is no picture: set one of encoded, pixels and raw")
