"""Pictures: decoding, and normalising to the 28x28 that the models see."""

from digits_core.image.decode import decode, grey
from digits_core.image.limits import Limits
from digits_core.image.normalize import NORMALIZER_VERSION, from_pixels, normalize, values
from digits_core.image.normalized import Normalized, Traits
from digits_core.image.page import PAGE_VERSION, Page, lay_out
from digits_core.image.pieces import find_pieces

__all__ = [
    "NORMALIZER_VERSION",
    "PAGE_VERSION",
    "Limits",
    "Normalized",
    "Page",
    "Traits",
    "decode",
    "find_pieces",
    "from_pixels",
    "grey",
    "lay_out",
    "normalize",
    "values",
]
