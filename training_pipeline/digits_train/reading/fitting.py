"""Stage `reader fit`: thresholds, and what the confidence of a reading is worth.

Everything is fitted on pages and strings by hands and on papers that no training
saw, and on surfaces where nobody has written.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from digits_core import Recognizer
from digits_core.bundle import ReaderManifest, Rule, digest_of
from digits_core.number import Number
from digits_core.reading.assembly import assemble
from digits_core.reading.eye import Eye
from digits_core.reading.readings import NOT_A_DIGIT, Reading, Seen, weigh
from numpy.typing import NDArray

from digits_train import logistic, reports
from digits_train.errors import NothingFound
from digits_train.fonts import FOLDER
from digits_train.reading.composition import Composition, Spacing, Standing
from digits_train.reading.course import NAME, Course
from digits_train.reading.exporting import exported
from digits_train.reading.publishing import bundle
from digits_train.reading.sheets import Spacings
from digits_train.reading.tiles import Bindery
from digits_train.reading.trials import score
from digits_train.surfaces import SURFACES

THREADS = 2
SENT: Spacings = (("separated", 0.8), ("touching", 0.15), ("overlapping", 0.05))
"""How people space the digits of a row: a guess; training sees more that touch and overlap."""

OTHERS = 0.03
"""The share of the characters that people send with numbers which are no digits: our guess."""

ACCEPT = 0.8
"""A number, or a character, is trusted from this probability on that it is right."""

WEIGHTS = np.linspace(0, 1, 21)
ROUNDS = 2
PRESENCES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
EXPONENTS = np.geomspace(0.3, 3.0, 24)

# A character is the one that stands where its middle lies, this share of the size away at most.
_NEAR = 0.4
# What the characters are is fitted on those that are as likely there.
_THERE = 0.2


@dataclass(frozen=True, slots=True)
class Case:
    """A picture as the reader sees it, and what stands on it."""

    seen: Seen | None
    shape: tuple[int, ...]
    composition: Composition

    def readings(self, manifest: ReaderManifest) -> list[Reading]:
        """What the reader makes of its characters."""
        if self.seen is None:
            return []
        readings = weigh(self.seen, manifest)
        return [reading for reading in readings if reading.counts(manifest)]

    def number(self, manifest: ReaderManifest) -> Number | None:
        """The number that it reads; None where there is no ink."""
        if self.seen is None:
            return None
        return assemble(self.seen.page, self.shape, self.readings(manifest), manifest)

    def exact(self, manifest: ReaderManifest) -> bool:
        """Whether that is what stands there."""
        number = self.number(manifest)
        return score(number.text if number else "", self.composition.text).exact

    def answered_well(self, manifest: ReaderManifest) -> bool:
        """Whether what stands there is read, or, where no digit does, no number is trusted."""
        if self.composition.text:
            return self.exact(manifest)
        number = self.number(manifest)
        return number is None or number.reason is not None

    def truth(self, reading: Reading) -> Standing | None:
        """What stands where a character was found; None where nothing does."""
        if self.seen is None:
            return None
        page = self.seen.page
        x, y = reading.character.middle
        x, y = page.left + x * page.scale, page.top + y * page.scale
        standing = [standing for row in self.composition.rows for standing in row]
        nearest = min(standing, key=lambda one: _distance(one, x, y), default=None)
        return nearest if nearest and _distance(nearest, x, y) <= _NEAR else None

    def labels(self, readings: Sequence[Reading]) -> list[int | None]:
        """What each reading should be; None where nothing stands, or a surer one was before."""
        found: set[Standing | None] = set()
        labels: list[int | None] = []
        for reading in readings:  # the surest first
            standing = self.truth(reading)
            labels.append(standing.label if standing and standing not in found else None)
            found.add(standing)
        return labels


def fit(
    course: Course,
    work: Path,
    data_dir: Path | None = None,
    fonts_dir: Path | None = FOLDER,
    models_dir: Path | None = None,
    *,
    with_pens: bool = True,
) -> dict[str, Any]:
    """Fit what the manifest holds, write `work`/reader.fit.json and return it.

    The default recogniser in `models_dir` gives the second opinions. Raises
    `StageMissing` without the export, `BundleError` without a recogniser,
    `NothingFound` when the net finds no character on any of the pages.
    """
    model = exported(work)
    recognizer = Recognizer.load(models_dir=models_dir) if models_dir else Recognizer.load()
    made = bundle(model)
    eye = Eye(made, recognizer, threads=THREADS)
    bindery = Bindery.open(work, data_dir, fonts_dir, course.seed, with_pens, validation=True)
    parts = _cases(eye, bindery, course)
    cases = [case for part in parts.values() for case in part]
    if not any(case.readings(made.manifest) for case in cases):
        raise NothingFound(f"{NAME} finds no character on {len(cases)} pages: train it longer")
    manifest = _fitted(made.manifest, cases)
    names = ("weights", "other_bias", "there", "presence", "right", "accept", "together")
    values = {name: value for name, value in asdict(manifest).items() if name in names}
    metrics = {
        f"validation_{name}_exact": _exact(manifest, part) / len(part)
        for name, part in parts.items()
    }
    (digest,) = digest_of(model).values()
    reports.write(work, NAME, "fit", digest, {"fitted": values, "metrics": metrics})
    return values | metrics


def _cases(eye: Eye, bindery: Bindery, course: Course) -> dict[str, list[Case]]:
    """Pages, strings and surfaces without a character."""
    rng = np.random.default_rng([course.seed, 18])
    spacings: tuple[Spacing, ...] = ("separated", "touching", "overlapping")
    texture = bindery.sheets.studio.texture

    def shown(picture: NDArray[np.uint8], composition: Composition) -> Case:
        return Case(eye.see(picture), picture.shape, composition)

    bindery.sheets.spacings = SENT
    pages = [shown(*bindery.sheets.photographed(rng)) for _ in range(course.pages)]
    strings, surfaces = [], []
    for place in range(course.strings):
        composed = bindery.string(int(rng.integers(1, 7)), spacings[place % len(spacings)], rng)
        strings.append(shown(composed.ink, composed))
    for place in range(course.surfaces):
        picture = SURFACES[place % len(SURFACES)](texture, rng)
        surfaces.append(shown(picture, Composition(picture, ())))
    return {"pages": pages, "strings": strings, "surfaces": surfaces}


def _fitted(manifest: ReaderManifest, cases: list[Case]) -> ReaderManifest:
    """The manifest with what fits the cases best, one thing after the other."""
    for _ in range(ROUNDS):
        for name in manifest.weights:
            tried = [
                replace(manifest, weights={**manifest.weights, name: weight})
                for weight in WEIGHTS.tolist()
            ]
            manifest = min(tried, key=lambda one: _loss(one, cases))
    manifest = _ruled(replace(manifest, other_bias=_bias(cases)), cases)
    manifest = replace(manifest, accept=ACCEPT)
    presence = max(PRESENCES, key=lambda p: _well(replace(manifest, presence=p), cases))
    manifest = replace(manifest, presence=presence)
    together = min(
        EXPONENTS.tolist(), key=lambda e: _surprise(replace(manifest, together=e), cases)
    )
    return replace(manifest, together=together)


def _loss(manifest: ReaderManifest, cases: list[Case]) -> float:
    """The mean surprise at what the characters are that stand where some were found."""
    losses = [
        -np.log(max(float(reading.scores[standing.label]), 1e-9))
        for case in cases
        for reading in (weigh(case.seen, manifest) if case.seen else ())
        if reading.character.presence >= _THERE and (standing := case.truth(reading)) is not None
    ]
    return float(np.mean(losses))


def _bias(cases: list[Case]) -> float:
    """What corrects the odds of "no digit" for their share among people's (Saerens et al. 2002)."""
    labels = [standing.label for case in cases for row in case.composition.rows for standing in row]
    shown = np.clip(np.mean(np.array(labels) == NOT_A_DIGIT), 1e-3, 1 - 1e-3)
    return float(np.log(OTHERS / (1 - OTHERS)) - np.log(shown / (1 - shown)))


def _exact(manifest: ReaderManifest, cases: list[Case]) -> int:
    return sum(case.exact(manifest) for case in cases)


def _well(manifest: ReaderManifest, cases: list[Case]) -> int:
    return sum(case.answered_well(manifest) for case in cases)


def _ruled(manifest: ReaderManifest, cases: list[Case]) -> ReaderManifest:
    """With the logistic rules of how often a character is there, and what it is taken for."""
    rows, there, right = [], [], []
    for case in cases:
        readings = weigh(case.seen, manifest) if case.seen else []
        for reading, label in zip(readings, case.labels(readings), strict=True):
            rows.append([reading.odds(name) for name in manifest.right.coefficients])
            there.append(label is not None)
            right.append(reading.best == label)
    return replace(manifest, there=_rule(rows, there, manifest), right=_rule(rows, right, manifest))


def _rule(rows: list[list[float]], true: list[bool], manifest: ReaderManifest) -> Rule:
    weights, intercept = logistic.fit(np.array(rows), np.array(true))
    return Rule(dict(zip(manifest.right.coefficients, weights.tolist(), strict=True)), intercept)


def _surprise(manifest: ReaderManifest, cases: list[Case]) -> float:
    """The mean surprise at whether numbers are right, given their confidence."""
    sure, right = _numbers(manifest, cases)
    chance = np.where(right, sure, 1 - sure)
    return float(-np.log(np.maximum(chance, 1e-9)).mean())


def _numbers(
    manifest: ReaderManifest, cases: list[Case]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Confidence float64[N] of all numbers read, and whether they are right, bool[N]."""
    sure, right = [], []
    for case in cases:
        number = case.number(manifest)
        if number is not None and number.text:
            sure.append(number.confidence)
            right.append(score(number.text, case.composition.text).exact)
    return np.array(sure), np.array(right)


def _distance(standing: Standing, x: float, y: float) -> float:
    """How far a point is from the middle of what stands there, as a share of its size."""
    width = max(standing.right - standing.left, 0.4 * standing.height)
    across = abs(x - (standing.left + standing.right) / 2) / width
    down = abs(y - (standing.top + standing.bottom) / 2) / max(standing.height, 0.4 * width)
    return max(across, down)
