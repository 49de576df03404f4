"""The refiner's lessons: close-ups are moved a little and keep their labels."""

import numpy as np
import pytest
from digits_core.reading.close_ups import SIDE
from digits_train.reading.course import SMOKE
from digits_train.reading.refinement import ANSWERS, build
from digits_train.reading.refining import accuracy, batches
from digits_train.reading.samples import MARGIN, Samples

WIDE = SIDE + 2 * MARGIN


@pytest.fixture(scope="module")
def samples() -> Samples:
    """Squares in the middle, as bright and as large as their labels say."""
    labels = np.arange(120, dtype=np.uint8) % ANSWERS
    pixels = np.zeros((120, WIDE, WIDE), np.uint8)
    for place, label in enumerate(labels.tolist()):
        half = 4 + label // 2
        middle = slice(WIDE // 2 - half, WIDE // 2 + half)
        pixels[place, middle, middle] = 100 + label
    return Samples(pixels, labels)


def test_batches(samples: Samples) -> None:
    """Whitened, in [0, 1], of the asked size, each with one label; the middle stays near."""
    made = list(batches(SMOKE, samples, 0))
    seen, wanted = made[0]
    where = np.indices((SIDE, SIDE)).reshape(2, -1)
    weight = seen.reshape(len(seen), -1)
    middles = weight @ where.T / weight.sum(axis=1, keepdims=True)

    assert len(made) == SMOKE.refiner.steps
    assert seen.shape == (SMOKE.refiner.batch, SIDE, SIDE)
    assert seen.dtype == np.float32
    assert 0.7 < seen.max() <= 1
    assert (seen.max(axis=(1, 2)) > 0.7).all()
    assert np.abs(middles - (SIDE - 1) / 2).max() < 4
    assert len(np.unique(middles.round(3), axis=0)) > SMOKE.refiner.batch / 2
    assert wanted.shape == (SMOKE.refiner.batch, ANSWERS)
    assert (wanted.sum(axis=1) == 1).all()


def test_the_same_seed_shows_the_same(samples: Samples) -> None:
    """An epoch begun anew is the same; the next is another."""
    first, again, other = (next(batches(SMOKE, samples, epoch))[0] for epoch in (0, 0, 1))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_figures_are_by_kind(samples: Samples) -> None:
    """Digits, what is no digit and nothing are counted apart; an untrained net knows little."""
    figures = accuracy(build(0), samples)

    assert figures.keys() == {"digits", "others", "nothing"}
    assert all(0 <= value <= 1 for value in figures.values())
    assert figures["digits"] < 0.5
