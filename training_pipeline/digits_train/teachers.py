"""Slower models that a student listens to while it trains."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from digits_core import bundle
from numpy.typing import NDArray

from digits_train.candidate import INPUT, OUTPUT, SOURCE

TEACHER_FILE = "cnn-teacher.onnx"
"""The larger CNN, exported, in the work folder."""


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


def predecessor(models_dir: Path, work: Path) -> list[Path]:
    """The CNN that was published when training began in `work`; nothing where there was none.

    A copy is kept there: a run that goes on after publishing has the same teachers.
    """
    kept = work / "predecessor.onnx"
    folder = bundle.published(models_dir).get(SOURCE)
    if folder and not kept.is_file() and not (work / TEACHER_FILE).is_file():
        part = kept.with_suffix(".part")
        part.write_bytes((folder / bundle.MODEL_FILE).read_bytes())
        part.replace(kept)
    return [kept] if kept.is_file() else []
