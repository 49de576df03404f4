"""Validation pictures as people send them: one half to calibrate on, the other to measure on."""

from itertools import islice
from pathlib import Path

from digits_train import pool
from digits_train.answers import Shown
from digits_train.data import NOT_A_DIGIT


def to_fit(work: Path) -> Shown:
    """What calibration sees. Raises `StageMissing`."""
    return _every_second(work, 0)


def to_measure(work: Path) -> Shown:
    """What only evaluation sees. Raises `StageMissing`."""
    return _every_second(work, 1)


def _every_second(work: Path, first: int) -> Shown:
    return Shown.pictures(
        (sample.picture, None if sample.label == NOT_A_DIGIT else sample.label)
        for sample in islice(pool.validation(work), first, None, 2)
    )
