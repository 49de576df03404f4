"""Which pictures a batch holds."""

from dataclasses import replace

import numpy as np
import pytest
from digits_train.config import SMOKE, Config
from digits_train.data import NOT_A_DIGIT, Data
from digits_train.plan import Plan


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


CONFIG: Config = replace(SMOKE, batch=50, outlier_share=0.2, drawn_share=0.1)


@pytest.mark.parametrize(("drawn", "expected"), [(60, (36, 4, 10)), (0, (40, 0, 10))])
def test_shares(drawn: int, expected: tuple[int, int, int]) -> None:
    """A batch has the configured parts of digits, drawn digits and outliers."""
    images, labels = next(Plan(CONFIG, data(drawn)).epoch(0))

    corner = images[:, 5, 5]
    assert ((corner == 0).sum(), (corner == 200).sum(), (corner == 250).sum()) == expected
    assert (labels[corner == 250] == NOT_A_DIGIT).all()
    assert (labels[corner == 200] == 4).all()


def test_labels_stay_with_their_digits() -> None:
    """Every digit comes with its own label."""
    for images, labels in Plan(CONFIG, data(60)).epoch(3):
        digits = images[:36, 0, 0].astype(int) * 100 + images[:36, 0, 1]

        assert (labels[:36] == digits % 10).all()


def test_an_epoch_sees_each_digit_once() -> None:
    """No digit comes twice in an epoch, and fewer than a batch are left out."""
    plan = Plan(CONFIG, data(60))
    seen = [
        (int(image[0, 0]), int(image[0, 1])) for images, _ in plan.epoch(0) for image in images[:36]
    ]

    assert plan.batches == 13
    assert len(set(seen)) == len(seen) == 13 * 36


def test_epochs_differ_and_repeat() -> None:
    """Another epoch is another order; the same one comes again the same."""
    plan = Plan(CONFIG, data(60))
    first, again, other = (next(plan.epoch(number))[0] for number in (0, 0, 1))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
