"""Looking for characters: what there is on a page, before anything is decided."""

from statistics import median

import numpy as np
from numpy.typing import NDArray

from digits_core.bundle import Bundle, ReaderManifest
from digits_core.image import Page, lay_out
from digits_core.image.page import HEIGHT
from digits_core.reading.alone import alone
from digits_core.reading.detector import MOST_CHARACTERS, Character, Detector
from digits_core.reading.readings import NOT_A_DIGIT, Seen
from digits_core.recognizer import Recognizer

# What is less likely there than this is not even added to reach a lower bound on the digits.
_FAINT = 0.02
# What is at least so likely there says whether a page was looked at in the right way.
_THERE = 0.3
# A reader sees best what is near the height it was trained on; beyond these it looks again.
_TOO_LOW, _TOO_TALL = 0.7, 1.45
# A page whose scale changes by less than this share shows nothing new.
_SAME_SCALE = 0.02


class Eye:
    """Sees characters with a reader's net, and shows those that stand alone to `recognizer`."""

    def __init__(
        self, bundle: Bundle[ReaderManifest], recognizer: Recognizer, *, threads: int = 1
    ) -> None:
        self._recognizer = recognizer
        self._detector = Detector(bundle, threads=threads)

    def see(self, grey: NDArray[np.uint8]) -> Seen | None:
        """Look for characters in a grey picture uint8[H, W]; None where there is no ink."""
        seen = self._look(grey)
        if seen is None or not self._shows_digits(seen[1]):
            # Perhaps what lies round the sheet was taken for ink, or for paper.
            closer = self._look(grey, local=True)
            if seen is None or (closer and self._shows_digits(closer[1])):
                seen = closer
        if seen is None:
            return None
        page, found = seen
        # What comes later is the less probable.
        own = alone(page, found[:MOST_CHARACTERS])
        opinions = self._recognizer.scores(np.stack(list(own.values()))) if own else ()
        return Seen(page, found, dict(zip(own, opinions, strict=True)))

    def _look(
        self, grey: NDArray[np.uint8], *, local: bool = False
    ) -> tuple[Page, list[Character]] | None:
        """The page and the characters on it; a second look nearer to the right height."""
        page = lay_out(grey, local=local)
        if page is None:
            return None
        found = self._detector.find(page, _FAINT)
        tall = self._height(found)
        if tall and not _TOO_LOW * HEIGHT <= tall <= _TOO_TALL * HEIGHT:
            other = lay_out(grey, tall * page.scale, local=local)
            if other is not None and abs(other.scale / page.scale - 1) > _SAME_SCALE:
                return other, self._detector.find(other, _FAINT)
        return page, found

    def _shows_digits(self, found: list[Character]) -> bool:
        """Whether anything that is surely there is rather a digit than none."""
        return any(c.presence >= _THERE and int(c.logits.argmax()) != NOT_A_DIGIT for c in found)

    def _height(self, found: list[Character]) -> float:
        """The median height of what is surely there; 0 where nothing is."""
        there = [c.height for c in found if c.presence >= _THERE]
        return median(there) if there else 0.0
