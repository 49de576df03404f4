"""Pictures: decoding, and normalising to the 28x28 that the models see."""

from digits_core.image.decode import decode, grey
from digits_core.image.limits import Limits
from digits_core.image.normalize import NORMALIZER_VERSION, from_pixels, normalize
from digits_core.image.normalized import Normalized, Traits

__all__ = [
    "NORMALIZER_VERSION",
    "Limits",
    "Normalized",
    "Traits",
    "decode",
    "from_pixels",
    "grey",
    "normalize",
]
