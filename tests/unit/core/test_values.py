"""Many rows of values at once: the same answers as one by one."""

import cv2
import numpy as np
import pytest
from digits_core import Recognizer, from_pixels
from digits_core.image import find_pieces
from numpy.typing import NDArray


def drawings(count: int) -> NDArray[np.uint8]:
    """Strokes of all widths and brightnesses, some beyond the border, some with specks, blanks."""
    rng = np.random.default_rng(1)
    pictures = np.zeros((count, 28, 28), np.uint8)
    for picture in pictures:
        for _ in range(rng.integers(0, 3)):
            ends = rng.integers(-1, 29, (3, 2)).astype(np.int32)
            bright = int(rng.integers(3, 256))
            cv2.polylines(picture, [ends], False, bright, int(rng.integers(1, 6)), cv2.LINE_AA)
        if rng.random() < 0.1:
            specks = rng.integers(0, 9, picture.shape, np.uint8) * (picture < 240)
            np.add(picture, specks, out=picture)
    return pictures


@pytest.mark.parametrize("model", ["mlp", "cnn", "cnn-int8"])
def test_as_one_by_one(model: str) -> None:
    """The published models say the same of each, clear or not."""
    recognizer = Recognizer.load(model)
    values = drawings(600)
    together = recognizer.recognize_values(values)
    alone = [recognizer.recognize([from_pixels(each)])[0] for each in values]

    assert len(together) == 600
    assert len({one.reason for one in alone}) >= 4
    for place, one in enumerate(alone):
        answer = together[place]
        assert (answer.digit, answer.accepted, answer.reason, answer.digit_count) == (
            (one.digit, one.accepted, one.reason, one.digit_count)
        )
        numbers = [answer.confidence, answer.digit_score, *answer.probabilities]
        assert numbers == pytest.approx(
            [one.confidence, one.digit_score, *one.probabilities], 1e-4, 1e-5
        )
        assert (answer.model, answer.model_version) == (one.model, one.model_version)
        assert (answer.normalized == values[place]).all()


@pytest.mark.parametrize("count", [1, 400], ids=["one", "more-than-labels-of-two-bytes-hold"])
def test_pieces(count: int) -> None:
    """Pieces are counted to the last, and the box is the piece's own."""
    dots = np.zeros((28, 28), np.uint8)
    dots[::2, ::2] = 255
    bar = np.zeros((28, 28), np.uint8)
    bar[5:9, 3:20] = 200
    found = find_pieces(np.stack([dots, bar, np.zeros_like(bar)] * count))

    assert found.count.tolist() == [196, 1, 0] * count
    assert found.box[1].tolist() == [3, 5, 20, 9]
