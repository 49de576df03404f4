"""The least contrast at which a digit can be read."""

import numpy as np
from digits_core import Normalized, Recognizer
from numpy.typing import NDArray

from digits_train.answers import Answers, Shown
from digits_train.refusal import lowest_kept

CONTRASTS = (6, 7, 8, 9, 10, 11, 12, 14, 16, 20, 24, 28, 32, 40, 48)
"""Grey levels of 255 between ink and paper."""
GRAIN = 3.0
"""Standard deviation of the paper's noise in grey levels, that of an indoor phone photo."""
SAMPLE = 500
LOSS = 0.01
REFUSED = 0.01
"""The share of the faintest legible digits that may show less than the least contrast."""


def least_contrast(recognizer: Recognizer, digits: Shown) -> float:
    """The contrast that a digit must show, in grey levels as the normaliser measures it.

    The first `SAMPLE` of `digits`, plain ones, are drawn ever darker on grainy paper until they
    are found and read within one point of plain ones. What they then show is
    asked for: of single digits it strays about the level that they were drawn with.
    `recognizer` accepts whatever is one group of ink.
    """
    digits = digits.where(np.arange(len(digits.seen)) < SAMPLE)
    plain = Answers.ask(recognizer, digits).right.mean()
    images = [item.pixels for item in digits.seen if isinstance(item, Normalized)]
    rng = np.random.default_rng(0)
    for contrast in CONTRASTS:
        faint = (_faint(image, contrast, rng) for image in images)
        shown = Shown.pictures(zip(faint, digits.labels, strict=True))
        answers = Answers.ask(recognizer, shown)
        read = answers.accepted & answers.right
        if read.mean() >= plain - LOSS:
            break
    contrasts = [
        item.contrast
        for item, is_read in zip(shown.seen, read, strict=True)
        if isinstance(item, Normalized) and is_read
    ]
    return lowest_kept(np.array(contrasts), REFUSED)


def _faint(image: NDArray[np.uint8], contrast: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The digit four times as large on grey, grainy paper, at most `contrast` levels darker."""
    ink = np.kron(np.pad(image, 7), np.ones((4, 4))) / 255
    grain = rng.normal(0, GRAIN, ink.shape)
    return np.clip(np.round(200 - contrast * ink + grain), 0, 255).astype(np.uint8)
