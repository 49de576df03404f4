"""Digits that touch are one piece of ink, which no single digit is: a reader can count them."""

from dataclasses import replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.image import normalize
from digits_core.prediction import Prediction, Rejection

Grey: TypeAlias = NDArray[np.uint8]

_DOUBTS = (Rejection.NOT_A_DIGIT, Rejection.UNSURE)
# Above this a pixel of the 28x28 is ink.
_INK = 127
# A 1 that another digit touches is about this wide with it, for its height.
_WIDE = 0.7
# In pictures of more heights of the ink textures would cost a reader seconds.
_FAR = 20.0


def may_be_several(answer: Prediction) -> bool:
    """Whether what was taken for no digit, or no clear one, is wide enough for several.

    Two digits that touch nearly always are; asking about what is narrower would only
    take a reader's time.
    """
    return answer.reason in _DOUBTS and _aspect(answer.normalized) >= _WIDE


def counted(answer: Prediction, digits: int) -> Prediction:
    """The answer, refused for `SEVERAL_DIGITS` where a reader counts several.

    What was accepted, or refused for another reason than doubt, stays as it is.
    """
    if not may_be_several(answer) or digits < 2:
        return answer
    return replace(answer, reason=Rejection.SEVERAL_DIGITS, digit_count=digits)


def height_of_ink(picture: Grey) -> float | None:
    """How tall the ink is that a single digit would be made of, in pixels of a grey picture.

    None where there is none, or none that is large enough in the picture.
    """
    seen = normalize(picture)
    if not seen.digit_count:
        return None
    height = seen.traits.size / max(1.0, _aspect(seen.pixels))
    return height if max(picture.shape) <= _FAR * height else None


def _aspect(pixels: Grey) -> float:
    """Width over height of the ink in a 28x28."""
    _, _, width, height = cv2.boundingRect((pixels > _INK).astype(np.uint8))
    return width / max(1, height)
