"""Which pictures each batch holds."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from digits_train.config import Config
from digits_train.data import NOT_A_DIGIT, Data


class Plan:
    """Which pictures each batch of an epoch holds, as a function of seed and epoch."""

    def __init__(self, config: Config, data: Data) -> None:
        self._config = config
        self._data = data
        self._outliers = round(config.batch * config.outlier_share)
        digits = config.batch - self._outliers
        self._drawn = round(digits * config.drawn_share) if len(data.drawn) else 0
        self._digits = digits - self._drawn
        self.batches = len(data.train) // self._digits

    def epoch(self, epoch: int) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.intp]]]:
        """Images uint8[batch, 28, 28] and classes, 10 for "not a digit"."""
        data = self._data
        rng = np.random.default_rng([self._config.seed, epoch])
        order = rng.permutation(len(data.train))
        for start in range(0, self.batches * self._digits, self._digits):
            digits = order[start : start + self._digits]
            drawn = rng.integers(0, max(1, len(data.drawn)), self._drawn)
            outliers = rng.integers(0, len(data.outliers), self._outliers)
            yield (
                np.concatenate([data.train[digits], data.drawn[drawn], data.outliers[outliers]]),
                np.concatenate(
                    [
                        data.train_labels[digits],
                        data.drawn_labels[drawn],
                        np.full(self._outliers, NOT_A_DIGIT),
                    ]
                ).astype(np.intp),
            )
