"""Looking for characters: what there is on a page, before anything is decided."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.bundle import Bundle, ReaderManifest
from digits_core.image import Page, lay_out
from digits_core.image.page import HEIGHT, PLAIN, Way
from digits_core.reading.alone import alone, within
from digits_core.reading.detector import THERE, Character, height
from digits_core.reading.nets import Nets
from digits_core.reading.readings import NOT_A_DIGIT, Seen, nothing
from digits_core.reading.second_look import look_again
from digits_core.recognizer import Recognizer

# What is less likely there than this is not looked at closely.
_FAINT = 0.04
# Where a close-up shows nothing with this probability, the recogniser is not asked.
_NOTHING_THERE = 0.5
# A reader sees best what is near the height it was trained on; beyond these it looks again.
_TOO_LOW, _TOO_TALL = 0.7, 1.45
# Where more of the ink than this share lies beyond digits and so much of their size around them,
# some of it may be a shadow, or what lies under the sheet.
_BLOTTED = 0.15
_SLACK = 0.25
# Digits count that are rather there than not.
_RATHER = 0.5
# Where no digit is found that is so likely there, or much ink beyond them, the ink is looked for in
# other ways, too: near to it first, then in these, of which one counts that finds a digit more at
# least. The last is for mottled paper; characters of another height are found well enough there to
# be looked at in theirs.
_SURELY = 0.75
_OTHER_WAYS = (Way(darkest=True), Way(lesser=True, local=True), Way(tall=0.15))
# A page whose scale changes by less than this share shows nothing new.
_SAME_SCALE = 0.02

Sight: TypeAlias = tuple[Page, list[Character]]
"""A page and the characters found on it."""


class Eye:
    """Sees characters with a reader's net, and shows those that stand alone to `recognizer`."""

    def __init__(
        self, bundle: Bundle[ReaderManifest], recognizer: Recognizer, *, threads: int = 1
    ) -> None:
        self._recognizer = recognizer
        self._nets = Nets(bundle, threads=threads)

    def see(self, grey: NDArray[np.uint8]) -> Seen | None:
        """Look at a grey picture uint8[H, W]; None where there is no ink."""
        sight = look(self._nets, grey)
        if sight is None:
            return None
        page, found = sight
        return self._closely(page, look_again(self._nets, page, found, _FAINT))

    def glance(self, grey: NDArray[np.uint8], height: float) -> Seen | None:
        """The same at one look, for characters so many pixels tall."""
        page = lay_out(grey, height)
        return self._closely(page, self._nets.find(page.pixels, _FAINT)) if page else None

    def _closely(self, page: Page, found: list[Character]) -> Seen:
        answers = self._nets.refine(page, found)
        likely = nothing(answers) < _NOTHING_THERE
        own = alone(page, {i: c for i, c in enumerate(found) if likely[i]})
        opinions = self._recognizer.scores(np.stack(list(own.values()))) if own else ()
        return Seen(page, found, answers, dict(zip(own, opinions, strict=True)))


def look(nets: Nets, grey: NDArray[np.uint8]) -> Sight | None:
    """Find characters in a grey picture uint8[H, W]; None where there is no ink."""
    seen = _look(nets, grey, PLAIN)
    if not _is_clear(seen) or (seen and seen[0].surrounded):
        # Perhaps what lies round the sheet, or a shadow on it, was taken for ink, or for paper; or
        # a shadow that reaches the border, with the characters in it, for what lies round a sheet.
        seen = max(seen, _look(nets, grey, Way(local=True)), key=_digits)
    for way in _OTHER_WAYS:
        if _is_clear(seen):
            break
        other = _look(nets, grey, way)
        # In textures some of the many pieces always look like digits.
        if other and _digits(other) > _digits(seen) + 1 and not _is_blotted(*other):
            seen = other
    return seen


def _look(nets: Nets, grey: NDArray[np.uint8], way: Way) -> Sight | None:
    """The page and the characters on it; a second look nearer to the right height."""
    page = lay_out(grey, way=way)
    if page is None:
        return None
    found = nets.find(page.pixels, _FAINT)
    tall = height(found)
    if tall and not _TOO_LOW * HEIGHT <= tall <= _TOO_TALL * HEIGHT:
        other = lay_out(grey, tall * page.scale, way)
        if other is not None and abs(other.scale / page.scale - 1) > _SAME_SCALE:
            return other, nets.find(other.pixels, _FAINT)
    return page, found


def _is_clear(seen: Sight | None) -> bool:
    """Whether a digit is surely there, and not much else."""
    if seen is None or _is_blotted(*seen):
        return False
    return any(c.presence >= _SURELY for c in seen[1] if _is_digit(c))


def _digits(seen: Sight | None) -> float:
    """How many digits are there, by their presence, and by what else is.

    Of the many pieces of a texture some look like digits, but most like none.
    """
    there = [c for c in seen[1] if c.presence >= THERE] if seen else []
    digits = [c.presence for c in there if _is_digit(c)]
    return sum(p for p in digits if p >= _RATHER) * len(digits) / max(1, len(there))


def _is_digit(character: Character) -> bool:
    return character.presence >= THERE and int(character.logits.argmax()) != NOT_A_DIGIT


def _is_blotted(page: Page, found: list[Character]) -> bool:
    """Whether much of the ink belongs to none of the digits."""
    rest = page.mask.copy()
    for character in found:
        if _is_digit(character):
            left, top, right, bottom = within(page, character, _SLACK)
            rest[top:bottom, left:right] = 0
    return cv2.countNonZero(rest) > _BLOTTED * cv2.countNonZero(page.mask)
