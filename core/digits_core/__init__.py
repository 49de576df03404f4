"""Recognises handwritten digits in pictures.

from digits_core import Recognizer

print(Recognizer.load().predict("digit.png").digit)
"""

from digits_core.answers import Answers
from digits_core.bundle import Bundle, Manifest, ReaderManifest
from digits_core.errors import BadHint, BundleError, CoreError, ImageError, ModelNotFound
from digits_core.image import Limits, Normalized, Traits, from_pixels, values
from digits_core.number import Alternative, Box, Number, NumberDigit
from digits_core.prediction import Prediction, Rejection
from digits_core.reading import Reader
from digits_core.recognizer import Recognizer, decoded, prepare

__all__ = [
    "Alternative",
    "Answers",
    "BadHint",
    "Box",
    "Bundle",
    "BundleError",
    "CoreError",
    "ImageError",
    "Limits",
    "Manifest",
    "ModelNotFound",
    "Normalized",
    "Number",
    "NumberDigit",
    "Prediction",
    "Reader",
    "ReaderManifest",
    "Recognizer",
    "Rejection",
    "Traits",
    "decoded",
    "from_pixels",
    "prepare",
    "values",
]
