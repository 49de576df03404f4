"""What a training learns from and is watched on, gathered from the work folder."""

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from digits_core.image import normalize
from numpy.typing import NDArray

from digits_train import pool as pools
from digits_train.config import Config
from digits_train.data import Data
from digits_train.pool import Pool

PHOTOS = 2_000
"""As many validation pictures are looked at after each epoch."""


@dataclass(frozen=True, slots=True)
class Photos:
    """Validation pictures as the normaliser sees them, uint8[N, 28, 28], and labels uint8[N]."""

    images: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 28, 28), np.uint8))
    labels: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))


@dataclass(frozen=True, slots=True)
class Curriculum:
    """Clean pictures, those that passed the normaliser, and photos to watch the training on."""

    data: Data
    pool: Pool | None = None
    photos: Photos = field(default_factory=Photos)

    @classmethod
    def load(cls, config: Config, work: Path) -> "Curriculum":
        """Read what the stages before `train` have left. Raises `StageMissing`."""
        data = Data.load(work)
        if not config.pool_share:
            return cls(data)
        return cls(data, Pool.load(work), _photos(work))


def _photos(work: Path) -> Photos:
    # Every other one: evaluation measures on those between, so nothing may be chosen by them.
    samples = list(islice(pools.validation(work), 0, 2 * PHOTOS, 2))
    return Photos(
        np.stack([normalize(sample.picture).pixels for sample in samples]),
        np.array([sample.label for sample in samples], np.uint8),
    )
