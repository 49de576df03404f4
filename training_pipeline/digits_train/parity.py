"""Stage `parity`: the exported model answers as the trained one does."""

from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from digits_core import Recognizer
from keras import ops
from numpy.typing import NDArray

from digits_train import reports
from digits_train.candidate import parts
from digits_train.data import Data
from digits_train.errors import ParityFailed
from digits_train.export import trained

TOLERANCE = 1e-5
"""The largest difference of a probability; what other kernels' rounding makes is a tenth of it."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far two implementations of one model are apart on the same pictures."""

    images: int
    largest_difference: float
    flips: int
    tolerance: float = TOLERANCE

    @property
    def passed(self) -> bool:
        return self.largest_difference <= self.tolerance and self.flips == 0


def check(recognizer: Recognizer, data: Data, work: Path) -> Parity:
    """Compare Keras with onnxruntime on all test images, write `work`/NAME.parity.json.

    `recognizer` holds the exported model at temperature 1. Raises
    `ParityFailed` when a probability differs by more than `TOLERANCE` or an
    answer flips; `StageMissing` without trained weights.
    """
    expected = _probabilities(trained(recognizer.name, work), data.test)
    parity = compare(recognizer, data.test, expected)
    digest = recognizer.manifest.digest
    values = {**asdict(parity), "passed": parity.passed}
    reports.write(work, recognizer.name, "parity", digest, values)
    if not parity.passed:
        raise ParityFailed(
            f"{recognizer.name}: ONNX and Keras differ by {parity.largest_difference:.1e} "
            f"(at most {TOLERANCE:.0e}) and {parity.flips} of {parity.images} answers flip: "
            "run `digits-train export` again; when it stays so, the export is at fault"
        )
    return parity


def compare(
    recognizer: Recognizer, images: NDArray[np.uint8], expected: NDArray[np.floating]
) -> Parity:
    """Compare the recogniser's scores for uint8[N, 28, 28] with `expected` float[N, 11]."""
    found = np.concatenate([recognizer.scores(part) for part in parts(images)])
    return Parity(
        images=len(images),
        largest_difference=float(np.abs(found - expected).max()),
        flips=int((found.argmax(axis=1) != expected.argmax(axis=1)).sum()),
    )


def _probabilities(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.floating]:
    logits = model.predict(images.astype(np.float32) / 255, batch_size=500, verbose=0)
    return np.asarray(ops.softmax(logits.astype(np.float64), axis=-1))
