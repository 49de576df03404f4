"""Stage `teach`: what slower models make of the pool, once for all students."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from digits_train import lessons as stored
from digits_train.candidate import INPUT, OUTPUT, THREADS
from digits_train.data import CLASSES

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Pictures a call: a teacher's maps of all at once would fill the memory."""


def teach(teachers: Sequence[Path], pictures: NDArray[np.uint8], work: Path) -> Path:
    """Write what teachers make of the pool's uint8[N, 28, 28] beside it: float16[N, 11].

    `teachers` are exported ONNX files; several answer by the mean of their logits.
    """
    lessons = np.zeros((len(pictures), CLASSES), np.float32)
    for teacher in teachers:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        session = onnxruntime.InferenceSession(teacher, options, providers=["CPUExecutionProvider"])
        for start in range(0, len(pictures), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            images = pictures[part].astype(np.float32) / np.float32(255)
            lessons[part] += session.run([OUTPUT], {INPUT: images})[0] / len(teachers)
        log.info("%s has answered %d pictures", teacher, len(pictures))
    path = stored.place(work)
    part_path = path.with_suffix(".part.npy")
    np.save(part_path, lessons.astype(np.float16))
    part_path.replace(path)
    return path
