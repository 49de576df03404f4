"""Part of stage `reader export`: the ONNX file answers as the nets did that it was made of."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from digits_core.bundle import digest_of

from digits_train import reports
from digits_train.errors import ParityFailed
from digits_train.reading.course import NAME
from digits_train.reading.exporting import Values, exported, nets
from digits_train.reading.joining import DETECTOR, HALVES, REFINER, Half
from digits_train.reading.samples import MARGIN, Samples

ROWS, A_ROW = 100, 4
"""What answers are compared on: rows of so many close-ups, and the close-ups."""

TOLERANCE = 1e-3
"""The largest difference of a logit or a box's value; what rounding makes is a tenth of it."""


def check(work: Path, beside: Sequence[Path] = ()) -> float:
    """Compare Keras with onnxruntime on characters by other hands, write `work`/reader.parity.json.

    `beside` is what was exported with; for a published net stands its file, which was
    compared with Keras when it was made. Returns the largest difference of an answer.
    Raises `ParityFailed` when it is beyond `TOLERANCE`, `StageMissing` without
    weights, export or close-ups.
    """
    model = exported(work)
    shown = _shown(work)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    found = session.run(
        [half.output for half in HALVES], {half.input: shown[half] for half in HALVES}
    )
    difference = 0.0
    for half, answer in zip(HALVES, found, strict=True):
        each = [net.answer(shown[half]) for net in nets(half, work, beside)]
        difference = max(difference, float(np.abs(answer - np.mean(each, axis=0)).max()))
    (digest,) = digest_of(model).values()
    passed = difference <= TOLERANCE
    values = {
        "rows": len(shown[DETECTOR]),
        "close_ups": len(shown[REFINER]),
        "largest_difference": difference,
        "passed": passed,
    }
    reports.write(work, NAME, "parity", digest, values)
    if not passed:
        raise ParityFailed(
            f"{NAME}: ONNX and Keras differ by {difference:.1e} (at most {TOLERANCE:.0e}): "
            "run `digits-train reader export` again; when it stays so, the export is at fault"
        )
    return difference


def _shown(work: Path) -> dict[Half, Values]:
    """What each net is asked about: rows of characters [R, S, 4 S], and close-ups [N, 32, 32]."""
    watched = Samples.watched(work).pixels
    watched = watched[: min(len(watched) // A_ROW, ROWS) * A_ROW]
    pixels: Values = watched.astype(np.float32) / np.float32(255)
    rows = pixels.reshape(-1, A_ROW, *pixels.shape[1:]).swapaxes(1, 2)
    return {
        DETECTOR: rows.reshape(*rows.shape[:2], -1),
        REFINER: pixels[:, MARGIN:-MARGIN, MARGIN:-MARGIN],
    }
