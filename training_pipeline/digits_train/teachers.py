"""Slower models that a student listens to while it trains."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from digits_core import bundle
from numpy.typing import NDArray

from digits_train.candidate import INPUT, OUTPUT, SOURCE


class Teachers:
    """Exported models that answer together, by the mean of their logits.

    They are asked about every picture as the student sees it, bent as it is,
    which teaches more than answers stored once a picture do: Beyer et al.,
    "Knowledge distillation: a good teacher is patient and consistent" (2022).
    """

    def __init__(self, files: Sequence[Path]) -> None:
        models = [file.read_bytes() for file in files]
        options = onnxruntime.SessionOptions()
        # The student's step has the other processor.
        options.intra_op_num_threads = 1
        self._sessions = [
            onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            for model in models
        ]
        self.digests = tuple(hashlib.sha256(model).hexdigest() for model in models)

    def __call__(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Answer to float32[N, 28, 28] in [0, 1] with logits float32[N, 11]."""
        answers = [session.run([OUTPUT], {INPUT: images})[0] for session in self._sessions]
        mean: NDArray[np.float32] = np.mean(answers, axis=0)
        return mean


def published(models_dir: Path) -> list[Path]:
    """The published CNN, which teaches its successors; nothing where there is none."""
    folder = bundle.published(models_dir).get(SOURCE)
    return [folder / bundle.MODEL_FILE] if folder else []
