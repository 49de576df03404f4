"""The one reader: a bundle in, a picture in, a number out."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Self

from digits_core import bundle as bundles
from digits_core.bundle import READER, Bundle, ReaderManifest
from digits_core.errors import BundleError, CoreError, TooManyCharacters
from digits_core.image import Limits
from digits_core.number import Number
from digits_core.prediction import Rejection
from digits_core.reading.assembly import assemble
from digits_core.reading.detector import MOST_CHARACTERS
from digits_core.reading.eye import Eye
from digits_core.reading.readings import Seen, check_hints, fitted, weigh
from digits_core.reading.several import height_of_ink
from digits_core.recognizer import Picture, Recognizer, decoded


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
        self.manifest = bundle.manifest
        self.name = bundle.manifest.name
        self.version = str(bundle.manifest.version)
        self._eye = Eye(bundle, recognizer, threads=threads)
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
        no bound: of all readings the likeliest that fits. Where there is no ink for
        so many it has fewer, and is not trusted. Raises `BadHint`,
        `TooManyCharacters`, other `ImageError`s when the picture cannot be decoded,
        `OSError` for an unreadable path.
        """
        check_hints(min_digits, max_digits)
        grey = decoded(picture, limits)
        seen = self._eye.see(grey)
        if seen is None:
            return Number("", 0.0, (), Rejection.BLANK)
        return self._number(seen, grey.shape, min_digits, max_digits)

    def count(self, picture: Picture, limits: Limits | None = None) -> int:
        """How many digits touch in what would else be a single one; 0 where it is not sure of them.

        It looks but once, at characters as tall as that ink: a tenth of what reading may
        take. Takes and raises what `read` does.
        """
        grey = decoded(picture, limits)
        height = height_of_ink(grey)
        seen = self._eye.glance(grey, height) if height else None
        if seen is None:
            return 0
        number = self._number(seen, grey.shape, 0, 0)
        return sum(digit.digit is not None for digit in number.digits) if not number.reason else 0

    def _number(self, seen: Seen, shape: tuple[int, ...], least: int, most: int) -> Number:
        manifest = self.manifest
        readings = [each for each in weigh(seen, manifest) if each.is_possible(manifest)]
        there = [reading.counts(manifest) for reading in readings]
        if sum(there) > MOST_CHARACTERS:
            raise TooManyCharacters(
                f"the picture holds more than {MOST_CHARACTERS:,} characters, no more are read at "
                "once: cut it into parts"
            )
        kept = fitted(readings, there, least, most)
        number = assemble(seen.page, shape, kept, manifest)
        if number.reason is None and sum(each.is_digit for each in kept) < least:
            return replace(number, reason=Rejection.UNSURE)
        return number

    def _ask_canaries(self) -> None:
        canaries = self.manifest.canaries
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
