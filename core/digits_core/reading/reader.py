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
from digits_core.reading.readings import Reading, check_hints, fitted
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
        grey = decoded(picture, limits)
        page = lay_out(grey)
        if page is None:
            return Number("", 0.0, (), Rejection.BLANK)
        page, found = self._found(grey, page)
        there = self.bundle.manifest.presence
        if sum(character.presence >= there for character in found) > MOST_CHARACTERS:
            raise TooManyCharacters(
                f"the picture holds more than {MOST_CHARACTERS:,} characters, no more are read at "
                "once: cut it into parts"
            )
        # What comes later is the less probable.
        readings = self._readings(page, found[:MOST_CHARACTERS])
        kept = fitted(readings, there, min_digits, max_digits)
        return assemble(page, grey.shape, kept, self.bundle.manifest)

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

    def _readings(self, page: Page, found: list[Character]) -> list[Reading]:
        """What each character is; of those that stand alone the recogniser is asked, too."""
        manifest = self.bundle.manifest
        if not found:
            return []
        logits = np.stack([c.logits for c in found]).astype(np.float64) / manifest.temperature
        scores = _log_softmax(logits)
        weight = manifest.second_opinion
        if weight and (own := alone(page, found)):
            seen = self._recognizer.scores(np.stack(list(own.values())))
            places = list(own)
            scores[places] = (1 - weight) * scores[places] + weight * np.log(np.maximum(seen, 1e-9))
        shares = np.exp(_log_softmax(scores))
        return [Reading(c, row) for c, row in zip(found, shares, strict=True)]

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


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithms of probabilities float64[N, 11]: none is ever that of 0."""
    steady = logits - logits.max(axis=1, keepdims=True)
    shares: NDArray[np.float64] = steady - np.log(np.exp(steady).sum(axis=1, keepdims=True))
    return shares
