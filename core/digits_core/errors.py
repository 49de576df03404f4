"""What can go wrong, each with a stable reason that every transport passes on.

CoreError
├── ImageError             the picture is at fault; `field` may name where it came from
│   ├── EmptyImage         EMPTY_IMAGE: no bytes
│   ├── CorruptImage       CORRUPT_IMAGE: of a known format, but it cannot be decoded
│   ├── UnsupportedFormat  UNSUPPORTED_FORMAT: not one of the six formats
│   ├── WrongSize          WRONG_SIZE: a buffer that does not hold the pixels it claims
│   ├── ImageTooSmall      IMAGE_TOO_SMALL: a side is too short
│   ├── BadAspect          BAD_ASPECT: one side is too many times the other
│   ├── ImageTooLarge      IMAGE_TOO_LARGE: too many bytes
│   ├── TooManyPixels      TOO_MANY_PIXELS: too many pixels, or a side too long
│   └── TooManyCharacters  TOO_MANY_CHARACTERS: more characters than are read at once
├── BadHint            BAD_HINT: bounds on the count of digits that no number fits
├── ModelNotFound          MODEL_NOT_FOUND: no bundle of that name
└── BundleError            BAD_BUNDLE: a bundle that must not be served
"""

from typing import ClassVar


class CoreError(Exception):
    """The root of everything that this package raises on purpose.

    `reason` is the stable, machine-readable name; the text is for people and
    says what is wrong, which limit holds and what to do.
    """

    reason: ClassVar[str] = "INTERNAL"


class ImageError(CoreError):
    """A picture that cannot be looked at."""


class EmptyImage(ImageError):
    """There are no bytes."""

    reason = "EMPTY_IMAGE"


class CorruptImage(ImageError):
    """The format is known, but the content cannot be decoded."""

    reason = "CORRUPT_IMAGE"


class UnsupportedFormat(ImageError):
    """The content is none of the formats that are read."""

    reason = "UNSUPPORTED_FORMAT"


class WrongSize(ImageError):
    """A buffer does not have the length or the shape that its pixels need."""

    reason = "WRONG_SIZE"


class ImageTooSmall(ImageError):
    """A side has too few pixels to hold a digit."""

    reason = "IMAGE_TOO_SMALL"


class BadAspect(ImageError):
    """The picture is a strip."""

    reason = "BAD_ASPECT"


class ImageTooLarge(ImageError):
    """The file has too many bytes."""

    reason = "IMAGE_TOO_LARGE"


class TooManyPixels(ImageError):
    """The picture has too many pixels, or a side that is too long."""

    reason = "TOO_MANY_PIXELS"


class TooManyCharacters(ImageError):
    """The picture holds more characters than are read at once."""

    reason = "TOO_MANY_CHARACTERS"


class BadHint(CoreError):
    """The bounds on the count of digits contradict each other or the limit.

    `field` names the bound: "min_digits" or "max_digits".
    """

    reason = "BAD_HINT"

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class ModelNotFound(CoreError):
    """No model of that name is published."""

    reason = "MODEL_NOT_FOUND"


class BundleError(CoreError):
    """A bundle is incomplete, altered, or made for another version of this code."""

    reason = "BAD_BUNDLE"
