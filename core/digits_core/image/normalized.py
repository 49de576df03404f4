"""What the normaliser makes of a picture."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Traits:
    """What a picture tells beyond its 28x28.

    `dropped` is the share of the ink that was left out, `others` the number of
    its pieces that are large enough to be a digit's, `components` the number of
    connected pieces of the digit, `stroke` the width of its strokes as a share
    of the longer side, `size` that side in decoded pixels, `aspect` the
    shorter side as a share of it, `cut_off` 1 where the digit reaches two borders
    of the picture or more, as stripes do, `along` the share of a border that it
    covers, of that one of which it covers second most, as the shaded corner of a
    picture does, `second_thought` 1 in an alternative reading. All are 0 where
    there is no ink.
    """

    dropped: float = 0.0
    others: int = 0
    components: int = 0
    stroke: float = 0.0
    size: float = 0.0
    aspect: float = 0.0
    cut_off: int = 0
    along: float = 0.0
    second_thought: int = 0


@dataclass(frozen=True, slots=True)
class Normalized:
    """What a model sees of a picture.

    `pixels` is uint8[28, 28], white ink (255) on black, laid out like MNIST.
    `digit_count` is the number of groups of ink that could each be a digit, 0
    when there is no ink. `contrast` is the ink's difference from the paper in
    grey levels, 0 to 255. `alternatives` are up to three other ways to read the
    same picture, where a decision was close: none for most pictures.
    """

    pixels: Grey
    digit_count: int
    contrast: float
    traits: Traits
    alternatives: tuple["Normalized", ...] = ()
