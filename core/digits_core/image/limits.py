"""How large a picture may be."""

from dataclasses import dataclass

from digits_core.errors import BadAspect, ImageTooLarge, ImageTooSmall, TooManyPixels


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before a pixel is decoded.

    Sides are in pixels. 50 megapixels hold the photos of today's phones; a grey
    copy of one takes 48 MiB.
    """

    max_bytes: int = 16 * 2**20
    max_pixels: int = 50_000_000
    max_side: int = 20_000
    min_side: int = 4
    max_aspect: int = 50

    def check_bytes(self, size: int) -> None:
        """Raise `ImageTooLarge` when a file of `size` bytes is too large."""
        if size > self.max_bytes:
            raise ImageTooLarge(
                f"the picture has {size:,} bytes, at most {self.max_bytes:,} are read: "
                "send a smaller copy"
            )

    def check_shape(self, width: int, height: int) -> None:
        """Raise `TooManyPixels`, `ImageTooSmall` or `BadAspect` for a picture beyond the limits."""
        shape = f"the picture is {width} x {height} pixels"
        if max(width, height) > self.max_side:
            raise TooManyPixels(f"{shape}, a side may have {self.max_side:,}: send a smaller copy")
        if width * height > self.max_pixels:
            raise TooManyPixels(
                f"{shape}, at most {self.max_pixels:,} are read: send a smaller copy"
            )
        if min(width, height) < self.min_side:
            raise ImageTooSmall(
                f"{shape}, a side needs at least {self.min_side}: send a larger picture"
            )
        if max(width, height) > self.max_aspect * min(width, height):
            raise BadAspect(
                f"{shape}, one side may be at most {self.max_aspect} times the other: "
                "crop it to the digit"
            )
