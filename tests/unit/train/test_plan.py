"""Which pictures a batch holds."""

from dataclasses import replace

import numpy as np
import pytest
from digits_train.config import SMOKE, Config
from digits_train.curriculum import Curriculum
from digits_train.data import NOT_A_DIGIT, Data
from digits_train.plan import Plan
from digits_train.pool import Pool


def data(drawn: int) -> Data:
    """500 digits that carry their own number, `drawn` drawn ones at 200, outliers at 250."""
    images = np.zeros((500, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.arange(500) // 100, np.arange(500) % 100
    none = np.zeros((0, 28, 28), np.uint8)
    labels = np.zeros(0, np.uint8)
    return Data(
        train=images,
        train_labels=(np.arange(500) % 10).astype(np.uint8),
        drawn=np.full((drawn, 28, 28), 200, np.uint8),
        drawn_labels=np.full(drawn, 4, np.uint8),
        outliers=np.full((30, 28, 28), 250, np.uint8),
        validation=none,
        validation_labels=labels,
        validation_drawn=none,
        validation_drawn_labels=labels,
        validation_outliers=none,
        test=none,
        test_labels=labels,
    )


def pool() -> Pool:
    """Ninety pictures at 150, numbered in a corner, with all eleven labels."""
    pixels = np.full((90, 28, 28), 150, np.uint8)
    pixels[:, 0, 0] = np.arange(90)
    return Pool(pixels, (np.arange(90) % 11).astype(np.uint8), np.zeros(90, np.uint8))


CONFIG: Config = replace(SMOKE, batch=50, outlier_share=0.2, drawn_share=0.1, pool_share=0.4)


@pytest.mark.parametrize(
    ("curriculum", "expected"),
    [
        pytest.param(Curriculum(data(60)), (36, 4, 10, 0), id="no pool"),
        pytest.param(Curriculum(data(0)), (40, 0, 10, 0), id="no pool, no pens"),
        pytest.param(Curriculum(data(60), pool()), (22, 2, 6, 20), id="pool"),
    ],
)
def test_shares(curriculum: Curriculum, expected: tuple[int, ...]) -> None:
    """A batch has the configured parts of digits, drawn digits, outliers and the pool."""
    batch = next(Plan(CONFIG, curriculum).epoch(0))
    labels = batch.targets.argmax(axis=1)

    look = batch.images[:, 5, 5]
    assert tuple((look == value).sum() for value in (0, 200, 250, 150)) == expected
    assert (labels[look == 250] == NOT_A_DIGIT).all()
    assert (labels[look == 200] == 4).all()
    assert (labels[look == 150] == batch.images[look == 150, 0, 0] % 11).all()
    assert (batch.targets.sum(axis=1) == 1).all()


def test_the_pool_is_bent_less() -> None:
    """Half of its pictures stay as they are, the others get half; clean ones get all."""
    strengths = [batch.strength for batch in Plan(CONFIG, Curriculum(data(60), pool())).epoch(0)]

    assert (np.array(strengths)[:, :30] == 1).all()
    values, counts = np.unique(np.array(strengths)[:, 30:], return_counts=True)
    assert values.tolist() == [0, 0.5]
    assert 0.4 < counts[0] / counts.sum() < 0.6


def test_labels_stay_with_their_digits() -> None:
    """Every digit comes with its own label."""
    for batch in Plan(CONFIG, Curriculum(data(60))).epoch(3):
        digits = batch.images[:36, 0, 0].astype(int) * 100 + batch.images[:36, 0, 1]

        assert (batch.targets[:36].argmax(axis=1) == digits % 10).all()


def test_an_epoch_sees_each_digit_once() -> None:
    """No digit comes twice in an epoch, and fewer than a batch are left out."""
    plan = Plan(CONFIG, Curriculum(data(60)))
    seen = [
        (int(image[0, 0]), int(image[0, 1]))
        for batch in plan.epoch(0)
        for image in batch.images[:36]
    ]

    assert plan.batches == 13
    assert len(set(seen)) == len(seen) == 13 * 36


def test_epochs_differ_and_repeat() -> None:
    """Another epoch is another order; the same one comes again the same."""
    plan = Plan(CONFIG, Curriculum(data(60), pool()))
    first, again, other = (next(plan.epoch(number)).images for number in (0, 0, 1))

    assert np.array_equal(first, again)
    assert not np.array_equal(first[:22], other[:22])
    assert not np.array_equal(first[30:], other[30:])
