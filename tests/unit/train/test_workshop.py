"""Samples: who makes them, and which of them are kept."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from digits_train.data import NOT_A_DIGIT, UNSEEN_WRITERS, Data
from digits_train.drawings import drawing
from digits_train.errors import DataMissing, StageMissing
from digits_train.fonts import load
from digits_train.non_digits import Nearness
from digits_train.scene import Studio
from digits_train.sources import DIGITS, OTHERS, Material, Sources, Subject
from digits_train.texture import Texture
from digits_train.workshop import Workshop, material
from numpy.typing import NDArray


@pytest.fixture(scope="module")
def workshop(few: Data, texture: Texture) -> Workshop:
    """One with scanned digits and our own shapes."""
    sources = Sources(Material(few.train, few.train_labels), texture)
    return Workshop(sources, Studio(texture), Nearness(few.train), seed=20)


def test_samples_are_digits_and_others(workshop: Workshop) -> None:
    """Seven of ten are digits by a source of digits, the others nothing by a source of these."""
    made = workshop.samples(60, np.random.default_rng(1))

    digits = [sample for sample, _ in made if sample.label != NOT_A_DIGIT]
    others = [sample for sample, _ in made if sample.label == NOT_A_DIGIT]
    assert (len(digits), len(others)) == (42, 18)
    assert {sample.source for sample in digits} == {"mnist", "drawing"} & DIGITS.keys()
    assert {sample.source for sample in others} <= OTHERS.keys()
    assert len({sample.label for sample in digits}) == 10
    for sample, pixels in made:
        assert (sample.picture.dtype, sample.picture.ndim) == (np.uint8, 2)
        assert (pixels.dtype, pixels.shape) == (np.uint8, (28, 28))
        assert pixels.any()


def test_samples_depend_on_nothing_before(workshop: Workshop) -> None:
    """The same generator makes the same samples, whatever was made in between."""
    first = workshop.samples(20, np.random.default_rng(2))
    workshop.samples(7, np.random.default_rng(3))
    second = workshop.samples(20, np.random.default_rng(2))

    for (one, one_pixels), (other, other_pixels) in zip(first, second, strict=True):
        assert (one.label, one.source) == (other.label, other.source)
        assert np.array_equal(one.picture, other.picture)
        assert np.array_equal(one_pixels, other_pixels)


class Given:
    """Sources and studio in one: subjects ask for the pictures given, in turn."""

    def __init__(self, *pictures: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
        self.waiting = list(pictures)

    def digit(self, _: np.random.Generator) -> Subject:
        return Subject("drawing", 7)

    def other(self, _: np.random.Generator) -> Subject:
        return Subject("sign", None)

    def picture(self, *_: object) -> tuple[NDArray[np.uint8], Any]:
        return self.waiting.pop(0)

    def forget(self) -> None:
        pass


def ink_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Black on white as white on black."""
    return cv2.bitwise_not(picture)


SEVEN, SIX, THREE = (drawing(digit, ink=0, paper=255) for digit in (7, 6, 3))


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(np.full((280, 280), 255, np.uint8), id="nothing is left"),
        pytest.param(SIX, id="something else is seen"),
        pytest.param(np.vstack([SEVEN[:120], np.full((160, 280), 255, np.uint8)]), id="a part"),
    ],
)
def test_what_nobody_could_read_is_made_anew(few: Data, spoilt: NDArray[np.uint8]) -> None:
    """The label of a sample is what a person would say who sees what the model sees."""
    given: Any = Given((spoilt, ink_of(SEVEN)), (SEVEN, ink_of(SEVEN)))
    ((sample, _),) = Workshop(given, given, Nearness(few.train), 20).samples(
        1, np.random.default_rng(4)
    )

    assert given.waiting == []
    assert np.array_equal(sample.picture, SEVEN)


class Near:
    """Takes for a digit what it is told to."""

    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)

    def is_digit(self, pictures: NDArray[np.uint8], _: float) -> NDArray[np.bool_]:
        return np.array([self.answers.pop(0) for _ in pictures])


def test_others_near_to_a_digit_are_made_anew() -> None:
    """What came out like a three is no example of what is not a digit."""
    cross = np.full((200, 200), 255, np.uint8)
    for way in (1, -1):
        cv2.line(cross, (40, 100 - 60 * way), (160, 100 + 60 * way), 0, 14)
    given: Any = Given(*((picture, ink_of(picture)) for picture in (SEVEN, THREE, cross)))
    near: Any = Near(True, False)
    made = Workshop(given, given, near, 20).samples(2, np.random.default_rng(4))

    kept = [sample.picture for sample, _ in made if sample.label == NOT_A_DIGIT]
    assert given.waiting == near.answers == []
    assert len(kept) == 1
    assert np.array_equal(kept[0], cross)


class Striped(Given):
    """Pictures of the others come from where nobody has written."""

    texture = None

    def other(self, _: np.random.Generator) -> Subject:
        return Subject("surface", None, paint=lambda *_: self.waiting.pop(0)[0])


@pytest.mark.parametrize("whole", [True, False])
def test_what_looks_like_a_digit_only_from_near(whole: bool) -> None:
    """One stripe of many is kept for who sees the whole picture, and for nobody else."""
    stripes = np.full((200, 200), 230, np.uint8)
    stripes[:, 20::60] = stripes[:, 21::60] = stripes[:, 22::60] = 40
    given: Any = Striped(*((picture, ink_of(picture)) for picture in (SEVEN, stripes, ~stripes)))
    near: Any = Near(True, False)
    made = Workshop(given, given, near, 20).samples(2, np.random.default_rng(4), whole=whole)

    (kept,) = [sample.picture for sample, _ in made if sample.label == NOT_A_DIGIT]
    assert np.array_equal(kept, stripes if whole else ~stripes)


@pytest.fixture(scope="module")
def sides(few: Data, written: Path) -> tuple[Material, Material]:
    """What training and what validation may write."""
    training, validation = (
        material(few, written, None, np.random.default_rng(5), validation=side)
        for side in (False, True)
    )
    return training, validation


def test_nobody_writes_on_both_sides(sides: tuple[Material, Material], few: Data) -> None:
    """Writers 23 and 24 and drawers 18 to 20 validate; writers from 25 on do neither."""
    training, validation = sides

    for side, writers, drawers in (
        (training, set(range(1, 23)), set(range(1, 18))),
        (validation, {23, 24}, {18, 19, 20}),
    ):
        assert side.written
        assert side.characters
        assert set(side.written.person.tolist()) == writers
        assert not writers & set(UNSEEN_WRITERS)
        assert set(side.characters.person.tolist()) == drawers
    assert training.images is few.train
    assert validation.images is few.validation
    assert (training.ours, validation.ours) == (True, False)


def test_characters_are_not_like_digits(sides: tuple[Material, Material]) -> None:
    """The bar, which is written like a 1, is on neither side."""
    for side in sides:
        assert side.characters
        assert set(side.characters.label.tolist()) == {300}


def test_no_font_is_on_both_sides(few: Data, tmp_path: Path) -> None:
    """Families of one hand lie on one side, and both sides have some."""
    names = [f"hand{n:02}-{kind}" for n in range(30) for kind in ("at", "cz")]
    for name in names:
        package = tmp_path / "node_modules" / "@fontsource" / name
        (package / "files").mkdir(parents=True)
        about = {"license": {"type": "OFL-1.1"}, "weights": [400]}
        (package / "metadata.json").write_text(json.dumps(about))
        (package / "files" / f"{name}-latin-400-normal.woff2").touch()
    training, validation = (
        {
            font.hand
            for font in material(few, None, tmp_path, np.random.default_rng(6), validation=v).fonts
        }
        for v in (False, True)
    )

    assert training
    assert validation
    assert not training & validation
    assert len(training) + len(validation) == 30
    assert load(tmp_path).train


def test_without_data(tmp_path: Path) -> None:
    """The error names the stage to run first."""
    with pytest.raises(StageMissing, match="run `digits-train data` first"):
        Workshop.open(tmp_path, None, None, 20, False, validation=False)


def test_without_strokes(few: Data, tmp_path: Path) -> None:
    """The error names the set and how to go on without."""
    few.save(tmp_path)

    with pytest.raises(DataMissing, match=r"pendigits_strokes\.npz is missing .*--without-pens"):
        Workshop.open(tmp_path, None, None, 20, True, validation=False)
