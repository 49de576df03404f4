"""Labelled pictures, and what a recogniser answers to them."""

import numpy as np
import pytest
from digits_core import ImageError, Normalized, Recognizer
from digits_train.answers import AT_ONCE, Answers, Shown
from digits_train.drawings import drawing, png


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    """The published default model."""
    return Recognizer.load()


def test_pictures_of_all_kinds(recognizer: Recognizer) -> None:
    """Files and arrays are prepared in order; one that cannot be decoded counts as an error."""
    shown = Shown.pictures([(png(drawing(3)), 3), (b"no picture", 5), (drawing(7), 2)])
    answers = Answers.ask(recognizer, shown)

    assert [type(item) for item in shown.seen] == [Normalized, type(shown.seen[1]), Normalized]
    assert isinstance(shown.seen[1], ImageError)
    assert answers.digits.tolist() == [3, -1, 7]
    assert answers.right.tolist() == [True, False, False]
    assert answers.errors == 2
    assert answers.confidence[1] == 0
    assert answers.sure[1] == 0


def test_what_is_no_digit_cannot_be_right(recognizer: Recognizer) -> None:
    """An answer to something without a digit is wrong where it is accepted; blank ones are not."""
    blank = np.full((60, 60), 250, np.uint8)
    answers = Answers.ask(recognizer, Shown.pictures([(drawing(4), None), (blank, None)]))

    assert answers.accepted.tolist() == [True, False]
    assert (answers.wrongly_accepted, answers.refused, answers.errors) == (1, 1, 2)


def test_agrees_with_the_recogniser(recognizer: Recognizer) -> None:
    """Arrays hold what it predicts picture by picture."""
    images = [drawing(digit, style) for digit in range(10) for style in (0, 1)]
    answers = Answers.ask(recognizer, Shown.pictures((image, 0) for image in images))
    wanted = [recognizer.predict(image) for image in images]

    assert answers.digits.tolist() == [answer.digit for answer in wanted]
    assert answers.confidence == pytest.approx([answer.confidence for answer in wanted], abs=1e-6)
    assert answers.probabilities[3] == pytest.approx(wanted[3].probabilities, abs=1e-6)
    assert answers.scores.max(axis=1) == pytest.approx(answers.confidence)
    assert answers.where(answers.right).digits.tolist() == [0] * 2


def test_values_as_they_are(recognizer: Recognizer) -> None:
    """28 x 28 values reach the model unchanged, however many there are."""
    images = np.random.default_rng(0).integers(0, 256, (AT_ONCE + 3, 28, 28), np.uint8)
    shown = Shown.values(images, [0] * len(images))

    assert all(
        isinstance(item, Normalized) and np.array_equal(item.pixels, image)
        for item, image in zip(shown.seen, images, strict=True)
    )
    assert len(Answers.ask(recognizer, shown).digits) == AT_ONCE + 3
