"""Where samples are made: a subject, its picture, and what the normaliser makes of it."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from digits_core.image import normalize
from numpy.typing import NDArray

from digits_train import fonts, non_digits, strokes
from digits_train.data import (
    NOT_A_DIGIT,
    UNSEEN_WRITERS,
    VALIDATION_DRAWERS,
    VALIDATION_WRITERS,
    Data,
)
from digits_train.non_digits import Nearness
from digits_train.pens import frame
from digits_train.scene import Studio
from digits_train.sources import UNWRITTEN, Material, Sources
from digits_train.strokes import Drawn
from digits_train.texture import Texture

DIGITS = 0.70

# Cosines between the blurred 28x28 and the ink alone, framed: below the first a person cannot
# read the digit or sees another; something else is worth training on from the second. Of 3,000
# digits the first drops 1 in 65 that the CNN reads and 2 in 5 that it does not: squares without
# their digit, halves, shadows.
_DIGIT_SEEN, _OTHER_SEEN = 0.70, 0.5
# A row of digits of which one is left would be a digit with the wrong label.
_ALL_SEEN = 0.80
# A digit of fewer pixels, its longer side in the picture, is a blot to people, too.
_LEGIBLE = 8.0
# What is not written as a digit must be further from all digits than they are from each other.
_AWAY = 1.2
_REFERENCES = 8_000
# Of the pictures that can be read in several ways so many give one of the less likely.
_OTHERWISE = 0.5


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture uint8[H, W] as people send it, its label (10 = not a digit) and its source."""

    picture: NDArray[np.uint8]
    label: int
    source: str


class Workshop:
    """What a process needs to make samples of one side of the validation split."""

    def __init__(self, sources: Sources, studio: Studio, near: Nearness, seed: int) -> None:
        self.seed = seed
        self._sources = sources
        self._studio = studio
        self._near = near

    @classmethod
    def open(
        cls,
        work: Path,
        data_dir: Path | None,
        fonts_dir: Path | None,
        seed: int,
        with_pens: bool,
        *,
        validation: bool,
    ) -> "Workshop":
        """Gather the material of one side. Raises `StageMissing`, `DataMissing`."""
        cv2.setNumThreads(1)
        data = Data.load(work)
        rng = np.random.default_rng([seed, 5])
        other = (data_dir or work) / "other" if with_pens else None
        there = material(data, other, fonts_dir, rng, validation=validation)
        texture = Texture(seed + validation)
        references = data.train[rng.permutation(len(data.train))[:_REFERENCES]]
        return cls(
            Sources(there, texture, reshaping=not validation),
            Studio(texture),
            Nearness(references),
            seed,
        )

    @property
    def shares(self) -> dict[str, float]:
        """How often each source gets asked, of the digits or of the others."""
        return self._sources.shares

    def samples(
        self, count: int, rng: np.random.Generator, *, whole: bool = False
    ) -> list[tuple[Sample, NDArray[np.uint8]]]:
        """`count` samples in random order, each with its uint8[28, 28].

        What looks like a digit and is none is left out, as nobody can tell; but
        where the `whole` picture is looked at, one stripe of many is no 1.
        """
        self._studio.forget()
        digits = round(count * DIGITS)
        made = [self._one(True, rng) for _ in range(digits)]
        others: list[tuple[Sample, NDArray[np.uint8]]] = []
        while len(others) < count - digits:
            batch = [self._one(False, rng) for _ in range(count - digits - len(others))]
            like = self._near.is_digit(np.stack([pixels for _, pixels in batch]), _AWAY)
            others += [
                item
                for item, near in zip(batch, like.tolist(), strict=True)
                if not near or (whole and item[0].source in UNWRITTEN)
            ]
        made += others
        return [made[index] for index in rng.permutation(len(made))]

    def _one(self, digit: bool, rng: np.random.Generator) -> tuple[Sample, NDArray[np.uint8]]:
        """A sample that a person would give its label."""
        while True:
            subject = self._sources.digit(rng) if digit else self._sources.other(rng)
            if subject.paint:
                picture, ink = subject.paint(self._studio.texture, rng), None
            else:
                picture, ink = self._studio.picture(subject.write, rng)
            seen = normalize(picture)
            if seen.alternatives and rng.random() < _OTHERWISE:
                seen = seen.alternatives[int(rng.integers(len(seen.alternatives)))]
            if not seen.digit_count or (digit and seen.traits.size < _LEGIBLE):
                continue
            if ink is not None:
                wanted = _DIGIT_SEEN if digit else _OTHER_SEEN
                if subject.source == "several":
                    wanted = _ALL_SEEN
                if _likeness(seen.pixels, frame(ink)) < wanted:
                    continue
            label = NOT_A_DIGIT if subject.digit is None else subject.digit
            return Sample(picture, label, subject.source), seen.pixels


def material(
    data: Data,
    other: Path | None,
    fonts_dir: Path | None,
    rng: np.random.Generator,
    *,
    validation: bool,
) -> Material:
    """What one side of the validation split may write.

    `other` holds the two sets of strokes; None does without. Nobody's hand or
    font is on both sides, and the unseen writers are on neither. Raises
    `DataMissing`.
    """
    written = characters = None
    if other is not None:
        everyone = strokes.pendigits(other)
        theirs = np.isin(everyone.person, VALIDATION_WRITERS)
        unseen = np.isin(everyone.person, UNSEEN_WRITERS)
        written = _some(everyone, np.flatnonzero(theirs if validation else ~theirs & ~unseen))
        drawn = strokes.omniglot(other)
        clear = non_digits.unlike_digits(drawn, data.train, rng)
        held = np.isin(drawn.person[clear], VALIDATION_DRAWERS) == validation
        characters = _some(drawn, np.array(clear)[held])
    found = fonts.load(fonts_dir)
    return Material(
        images=data.validation if validation else data.train,
        labels=data.validation_labels if validation else data.train_labels,
        written=written,
        characters=characters,
        fonts=found.validation if validation else found.train,
        ours=not validation,
    )


def _likeness(seen: NDArray[np.uint8], ink: NDArray[np.uint8]) -> float:
    """The cosine between two pictures, blurred so that a stroke's width counts for little."""
    one, other = (
        cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1).ravel() for picture in (seen, ink)
    )
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-6))


def _some(drawn: Drawn, chosen: NDArray[np.integer]) -> Drawn:
    return Drawn([drawn.strokes[i] for i in chosen], drawn.label[chosen], drawn.person[chosen])
