"""Which pictures each batch holds, and what they should be taken for."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits_train.config import Config
from digits_train.curriculum import Curriculum
from digits_train.data import CLASSES, NOT_A_DIGIT
from digits_train.pool import Pool


@dataclass(frozen=True, slots=True)
class Batch:
    """Images uint8[N, 28, 28], white on black, and how much each may be bent, float32[N].

    `targets` float32[N, 11] are probabilities.
    """

    images: NDArray[np.uint8]
    targets: NDArray[np.float32]
    strength: NDArray[np.float32]


class Plan:
    """Which pictures each batch of an epoch holds, as a function of seed and epoch."""

    def __init__(self, config: Config, curriculum: Curriculum) -> None:
        self._config = config
        self._curriculum = curriculum
        self._pooled = round(config.batch * config.pool_share) if curriculum.pool else 0
        self._outliers = round((config.batch - self._pooled) * config.outlier_share)
        digits = config.batch - self._pooled - self._outliers
        self._drawn = round(digits * config.drawn_share) if len(curriculum.data.drawn) else 0
        self._digits = digits - self._drawn
        self.batches = len(curriculum.data.train) // self._digits

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch: MNIST's digits first, then pens', outliers, the pool."""
        pool = self._curriculum.pool
        rng = np.random.default_rng([self._config.seed, epoch])
        order = rng.permutation(len(self._curriculum.data.train))
        for start in range(0, self.batches * self._digits, self._digits):
            clean = self._clean(order[start : start + self._digits], rng)
            yield self._joined(clean, pool, rng) if pool else clean

    def _clean(self, digits: NDArray[np.intp], rng: np.random.Generator) -> Batch:
        data = self._curriculum.data
        drawn = rng.integers(0, max(1, len(data.drawn)), self._drawn)
        outliers = rng.integers(0, len(data.outliers), self._outliers)
        labels = [data.train_labels[digits], data.drawn_labels[drawn]]
        return Batch(
            np.concatenate([data.train[digits], data.drawn[drawn], data.outliers[outliers]]),
            one_hot(np.concatenate([*labels, np.full(self._outliers, NOT_A_DIGIT)])),
            np.ones(len(digits) + self._drawn + self._outliers, np.float32),
        )

    def _joined(self, clean: Batch, pool: Pool, rng: np.random.Generator) -> Batch:
        chosen = rng.integers(0, len(pool.labels), self._pooled)
        bent = (rng.random(self._pooled) < 0.5) * np.float32(self._config.pool_strength)
        return Batch(
            np.concatenate([clean.images, pool.pixels[chosen]]),
            np.concatenate([clean.targets, one_hot(pool.labels[chosen])]),
            np.concatenate([clean.strength, bent.astype(np.float32)]),
        )


def one_hot(labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Probabilities float32[N, 11] for classes, 10 for "not a digit"."""
    return np.eye(CLASSES, dtype=np.float32)[labels]
