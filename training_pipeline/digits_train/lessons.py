"""What slower models made of the pool's pictures, for a student to listen to."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits_train.config import Teaching
from digits_train.data import CLASSES
from digits_train.errors import StageMissing
from digits_train.pool import folder


def place(work: Path) -> Path:
    """Where the lessons lie: beside the pool whose pictures they are of."""
    return folder(work) / "lessons.npy"


def load(pictures: int, work: Path) -> NDArray[np.float16]:
    """The teachers' logits for the pool's pictures, float16[N, 11].

    Raises `StageMissing`, also when the pool has another number of pictures since.
    """
    path = place(work)
    values: NDArray[np.float16] | None = np.load(path) if path.is_file() else None
    if values is None or len(values) != pictures:
        raise StageMissing(f"{path} is missing or of another pool: run `digits-train teach` first")
    return values


def targets(
    labels: NDArray[np.float32], logits: NDArray[np.floating], teaching: Teaching
) -> NDArray[np.float32]:
    """Join labels and lessons to what `distill.Loss` takes, float32[N, 22].

    `labels` are probabilities float32[N, 11], `logits` [k, 11] the teachers' for
    the last k of them.
    """
    both = np.concatenate([labels, np.zeros_like(labels)], axis=1)
    odds = logits.astype(np.float32) / np.float32(teaching.temperature)
    odds = np.exp(odds - odds.max(axis=1, keepdims=True))
    taught = slice(len(labels) - len(logits), None)
    both[taught, :CLASSES] *= 1 - teaching.share
    both[taught, CLASSES:] = teaching.share * odds / odds.sum(axis=1, keepdims=True)
    return both
