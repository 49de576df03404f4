"""Digits that touch are one piece of ink, which no single digit is: a reader can count them."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.number import Number
from digits_core.prediction import Prediction, Rejection

_DOUBTS = (Rejection.NOT_A_DIGIT, Rejection.UNSURE)
# Digits that touch are large enough in the picture to be counted on a copy of this many pixels; a
# reader could take seconds over the textures of a large photo.
_SIDE = 800
# Above this a pixel of the 28x28 is ink.
_INK = 127
# A 1 that another digit touches is about this wide with it, for its height.
_WIDE = 0.7


def may_be_several(answer: Prediction) -> bool:
    """Whether what was taken for no digit, or no clear one, is wide enough for several.

    Two digits that touch nearly always are; asking about what is narrower would only
    take a reader's time.
    """
    if answer.reason not in _DOUBTS:
        return False
    _, _, width, height = cv2.boundingRect((answer.normalized > _INK).astype(np.uint8))
    return width >= _WIDE * height


def glance(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A grey picture uint8[H, W] as small as is enough to count digits."""
    shrink = _SIDE / max(picture.shape)
    if shrink >= 1:
        return picture
    height, width = (max(1, round(side * shrink)) for side in picture.shape)
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def counted(answer: Prediction, number: Number) -> Prediction:
    """The answer, refused for `SEVERAL_DIGITS` where a reader is sure of a number of several.

    What was accepted, or refused for another reason than doubt, stays as it is.
    """
    digits = sum(each.digit is not None for each in number.digits)
    if not may_be_several(answer) or number.reason is not None or digits < 2:
        return answer
    return replace(answer, reason=Rejection.SEVERAL_DIGITS, digit_count=digits)
