"""Recognises handwritten digits in pictures.

from digits_core import Recognizer

print(Recognizer.load().predict("digit.png").digit)
"""

from digits_core.bundle import Bundle, Manifest
from digits_core.errors import BundleError, CoreError, ImageError, ModelNotFound
from digits_core.image import Limits, Normalized, Traits, from_pixels
from digits_core.prediction import Prediction, Rejection
from digits_core.recognizer import Recognizer, prepare

__all__ = [
    "Bundle",
    "BundleError",
    "CoreError",
    "ImageError",
    "Limits",
    "Manifest",
    "ModelNotFound",
    "Normalized",
    "Prediction",
    "Recognizer",
    "Rejection",
    "Traits",
    "from_pixels",
    "prepare",
]
