"""How a student listens to its teachers.

After Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network" (2015).
"""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from digits_train.config import Teaching
from digits_train.data import CLASSES


def targets(
    labels: NDArray[np.float32], logits: NDArray[np.floating], teaching: Teaching
) -> NDArray[np.float32]:
    """Join labels, probabilities float32[N, 11], and teachers' logits [N, 11] for `Loss`.

    Returns float32[N, 22]: the labels' part of the loss beside the teachers'.
    """
    odds = logits.astype(np.float32) / np.float32(teaching.temperature)
    odds = np.exp(odds - odds.max(axis=1, keepdims=True))
    softened = odds / odds.sum(axis=1, keepdims=True)
    both = np.concatenate([(1 - teaching.share) * labels, teaching.share * softened], axis=1)
    return both.astype(np.float32)


class Loss(keras.losses.Loss):  # type: ignore[misc]  # keras is untyped
    """Cross-entropy with the labels, smoothed, and with the teachers' softened answers.

    The second is multiplied by the temperature's square, which keeps its
    gradients' size: Hinton et al., section 2.
    """

    def __init__(self, temperature: float, smoothing: float) -> None:
        super().__init__()
        self._temperature, self._smoothing = temperature, smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return float32[N] for targets [N, 22] and logits [N, 11]."""
        labels, softened = ops.split(y_true, 2, axis=-1)
        share = ops.sum(labels, axis=-1, keepdims=True)
        labels = labels * (1 - self._smoothing) + share * self._smoothing / CLASSES
        hard = ops.sum(labels * ops.log_softmax(y_pred), axis=-1)
        soft = ops.sum(softened * ops.log_softmax(y_pred / self._temperature), axis=-1)
        return -hard - self._temperature**2 * soft
