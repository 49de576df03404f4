"""The net's targets say what the detector reads, and its loss rewards saying so."""

import keras
import numpy as np
import pytest
from digits_core.reading.detector import CHANNELS, characters
from digits_train.reading.net import build, loss, targets_of
from numpy.typing import NDArray

SHAPE = (64, 160)
BOXES = np.array(
    [[3, 20, 30, 16, 24], [1, 30.5, 31, 4, 22], [10, 90, 12.2, 20, 8], [8, 159, 63, 14, 20]],
    np.float32,
)


def cells_of(targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a net that has learnt the targets by heart would answer, float32[h, w, 16]."""
    presence = np.clip(targets[..., :1], 1e-4, 1 - 1e-4)
    classes = np.log(targets[..., 1:12] + 1e-3)
    return np.concatenate([np.log(presence / (1 - presence)), classes, targets[..., 12:16]], axis=2)


def test_targets_are_read_back() -> None:
    """From perfect cells come the same characters, two thin neighbours too, at the border too."""
    found = characters(cells_of(targets_of(BOXES, SHAPE, 0.0)), least=0.9)
    read = sorted([int(c.logits.argmax()), *c.middle, c.width, c.height] for c in found)

    np.testing.assert_allclose(read, sorted(BOXES.tolist()), atol=1e-3)


def test_an_empty_tile() -> None:
    """Nothing stands there, and nothing is asked of classes and boxes."""
    assert not targets_of(np.zeros((0, 5), np.float32), SHAPE, 0.1).any()


def test_the_right_answer_costs_least() -> None:
    """Nothing, a wrong class and a wrong place cost more than the truth."""
    targets = targets_of(BOXES, SHAPE, 0.0)[None]
    right = cells_of(targets[0])[None]
    nothing = right.copy()
    nothing[..., 0] = -9
    other = right.copy()
    other[..., 1:12] = np.roll(right[..., 1:12], 1, axis=-1)
    elsewhere = right.copy()
    elsewhere[..., 12] += 1
    costs = [float(loss(targets, cells)) for cells in (right, nothing, other, elsewhere)]

    assert costs[0] < 0.1
    assert min(costs[1:]) > costs[0] + 0.3


@pytest.mark.parametrize("shape", [(4, 4), (36, 96), (64, 160)])
def test_any_page(shape: tuple[int, int]) -> None:
    """The net takes pages of any size, a cell for every 4 x 4 pixels."""
    answer = build(seed=1).predict(np.zeros((2, *shape), np.float32), verbose=0)

    assert answer.shape == (2, shape[0] // 4, shape[1] // 4, CHANNELS)


def test_equal_seeds() -> None:
    """Equal seeds give equal weights."""
    first, second, other = (build(seed).get_weights() for seed in (1, 1, 2))

    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    keras.backend.clear_session()
