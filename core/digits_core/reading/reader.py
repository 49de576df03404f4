"""The one reader: a bundle in, a picture in, a number out."""

import base64
from pathlib import Path
from statistics import median
from typing import Self

import numpy as np
from numpy.typing import NDArray

from digits_core import bundle as bundles
from digits_core.bundle import READER, Bundle, ReaderManifest
from digits_core.errors import BundleError, CoreError, TooManyCharacters
from digits_core.image import Limits, Page, lay_out
from digits_core.image.page import HEIGHT
from digits_core.number import Number
from digits_core.prediction import Rejection
from digits_core.reading.alone import alone
from digits_core.reading.assembly import assemble
from digits_core.reading.detector import MOST_CHARACTERS, Character, Detector
from digits_core.reading.readings import Seen, check_hints, fitted, weigh
from digits_core.recognizer import Picture, Recognizer, decoded

# What is less likely there than this is not even added to reach a lower bound on the digits.
_FAINT = 0.02
# A reader sees best what is near the height it was trained on; beyond these it looks again.
_TOO_LOW, _TOO_TALL = 0.7, 1.45
# A page whose scale changes by less than this share shows nothing new.
_SAME_SCALE = 0.02


class Reader:
    """Reads numbers of several digits with the published reader.

        number = Reader.load().read("number.png")
        print(number.text, number.confidence)

    It is safe to use from several threads. What stands alone is shown to
    `recognizer` as well. Making one asks it the bundle's canary pictures; raises
    `BundleError` when it reads anything else in them.
    """

    def __init__(
        self, bundle: Bundle[ReaderManifest], recognizer: Recognizer, *, threads: int = 1
    ) -> None:
        self.bundle = bundle
        self.name = bundle.manifest.name
        self.version = str(bundle.manifest.version)
        self._recognizer = recognizer
        self._detector = Detector(bundle, threads=threads)
        self._ask_canaries()

    @classmethod
    def load(cls, models_dir: Path = bundles.MODELS_DIR, *, threads: int = 1) -> Self:
        """Load the newest published reader with the default recogniser.

        Raises `ModelNotFound` or `BundleError`.
        """
        bundle = Bundle.read(bundles.find(READER, models_dir), ReaderManifest)
        return cls(bundle, Recognizer.load(models_dir=models_dir, threads=threads), threads=threads)

    def read(
        self,
        picture: Picture,
        limits: Limits | None = None,
        *,
        min_digits: int = 0,
        max_digits: int = 0,
    ) -> Number:
        """Read the number in a picture: a file's bytes, its path, or uint8 [H, W], [H, W, 3 or 4].

        The number has at least `min_digits` digits and at most `max_digits`, 0 for
        no bound, as far as there is ink for them: of all readings the likeliest
        that fits. Raises `BadHint`, `TooManyCharacters`, other `ImageError`s when
        the picture cannot be decoded, `OSError` for an unreadable path.
        """
        check_hints(min_digits, max_digits)
        manifest = self.bundle.manifest
        grey = decoded(picture, limits)
        seen = self.see(grey)
        if seen is None:
            return Number("", 0.0, (), Rejection.BLANK)
        readings = fitted(weigh(seen, manifest), manifest.presence, min_digits, max_digits)
        return assemble(seen.page, grey.shape, readings, manifest)

    def see(self, grey: NDArray[np.uint8]) -> Seen | None:
        """Look for characters in a grey picture uint8[H, W]; None where there is no ink.

        Raises `TooManyCharacters`.
        """
        page = lay_out(grey)
        if page is None:
            return None
        page, found = self._found(grey, page)
        there = self.bundle.manifest.presence
        if sum(character.presence >= there for character in found) > MOST_CHARACTERS:
            raise TooManyCharacters(
                f"the picture holds more than {MOST_CHARACTERS:,} characters, no more are read at "
                "once: cut it into parts"
            )
        # What comes later is the less probable.
        found = found[:MOST_CHARACTERS]
        own = alone(page, found)
        opinions = self._recognizer.scores(np.stack(list(own.values()))) if own else ()
        return Seen(page, found, dict(zip(own, opinions, strict=True)))

    def _found(self, grey: NDArray[np.uint8], page: Page) -> tuple[Page, list[Character]]:
        """The characters on the page, or on one that shows them nearer to the right height."""
        found = self._detector.find(page, _FAINT)
        tall = self._height(found)
        if tall and not _TOO_LOW * HEIGHT <= tall <= _TOO_TALL * HEIGHT:
            other = lay_out(grey, tall * page.scale)
            if other is not None and abs(other.scale / page.scale - 1) > _SAME_SCALE:
                return other, self._detector.find(other, _FAINT)
        return page, found

    def _height(self, found: list[Character]) -> float:
        """The median height of what is surely there; 0 where nothing is."""
        there = [c.height for c in found if c.presence >= self.bundle.manifest.presence]
        return median(there) if there else 0.0

    def _ask_canaries(self) -> None:
        canaries = self.bundle.manifest.canaries
        name = f"the bundle {self.name} {self.version}"
        if not canaries:
            raise BundleError(f"{name} has no canary pictures")
        for canary in canaries:
            try:
                text = self.read(base64.b64decode(canary.image)).text
            except (CoreError, ValueError) as error:
                raise BundleError(f"{name} fails on its canary pictures: {error}") from error
            if text != canary.text:
                raise BundleError(
                    f"{name} reads {text!r} in a canary picture that it was published with as "
                    f"{canary.text!r}: it does not fit this code"
                )
