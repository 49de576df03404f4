"""Stage `reader export`: both nets' averaged weights as one ONNX file.

Nets of several trainings may answer together, by the mean of what each says, which is
right more often than any of them: Lakshminarayanan et al., "Simple and Scalable
Predictive Uncertainty Estimation using Deep Ensembles" (2017).
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
from digits_core.bundle import digest_of
from digits_core.reading.close_ups import SIDE

from digits_train import reports
from digits_train.errors import ParityFailed, StageMissing
from digits_train.export import BATCH, OPSET, require_tensorflow
from digits_train.reading import net, refinement
from digits_train.reading.course import NAME
from digits_train.reading.tiles import SHAPE, Tiles

PAGE, CELLS = "page", "cells"
CLOSE_UPS, ANSWERS = "close_ups", "answers"

TILES = 100
TOLERANCE = 1e-3
"""The largest difference of a logit or a box's value; what rounding makes is a tenth of it."""


def export(work: Path, beside: Sequence[Path] = ()) -> Path:
    """Write `work`/reader.onnx, in which the two nets lie side by side.

    float32[batch, height, width] `page` makes float32[batch, h, w, 16] `cells`,
    float32[count, 32, 32] `close_ups` make float32[count, 12] `answers`. The nets in
    the work folders `beside` answer with those in `work`. Raises `StageMissing`
    without weights, `TrainError` when Keras runs on another backend than TensorFlow.
    """
    folders = [*beside, work]
    model = side_by_side(list(map(detector, folders)), list(map(refiner, folders)))
    path = work / f"{NAME}.onnx"
    part = path.with_suffix(".part")
    part.write_bytes(model)
    part.replace(path)
    origin = {
        name: [json.loads((each / f"{name}.train.json").read_text("utf-8")) for each in folders]
        for name in ("detector", "refiner")
    }
    (digest,) = digest_of(model).values()
    reports.write(work, NAME, "export", digest, origin)
    return path


def side_by_side(finds: Sequence[keras.Model], refines: Sequence[keras.Model]) -> bytes:
    """An ONNX file of detectors, which answer by their mean, and of refiners, which do as well.

    Raises `TrainError` on another backend than TensorFlow.
    """
    require_tensorflow()
    # Heavy, and not there on another backend: only for this stage.
    import tensorflow as tf  # noqa: PLC0415
    import tf2onnx  # noqa: PLC0415

    signature = [
        tf.TensorSpec((None, None, None), tf.float32, name=PAGE),
        tf.TensorSpec((None, SIDE, SIDE), tf.float32, name=CLOSE_UPS),
    ]
    answer = tf.function(
        lambda page, close_ups: {
            CELLS: sum(net(page, training=False) for net in finds) / len(finds),
            ANSWERS: sum(net(close_ups, training=False) for net in refines) / len(refines),
        },
        signature,
    )
    proto, _ = tf2onnx.convert.from_function(answer, signature, opset=OPSET)
    names = {
        PAGE: (BATCH, "height", "width"),
        CELLS: (BATCH, "rows", "columns"),
        CLOSE_UPS: ("count",),
        ANSWERS: ("count",),
    }
    for value in (*proto.graph.input, *proto.graph.output):
        for dimension, name in zip(
            value.type.tensor_type.shape.dim, names[value.name], strict=False
        ):
            dimension.dim_param = name
    onnx.checker.check_model(proto, full_check=True)
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def detector(work: Path) -> keras.Model:
    """The detector with its averaged weights. Raises `StageMissing`."""
    return _trained(work, "detector", net.build, "train")


def refiner(work: Path) -> keras.Model:
    """The refiner with its averaged weights. Raises `StageMissing`."""
    return _trained(work, "refiner", refinement.build, "refine")


def _trained(work: Path, name: str, build: Callable[[int], keras.Model], stage: str) -> keras.Model:
    path = work / f"{name}.weights.h5"
    if not path.is_file():
        raise StageMissing(f"{path} is missing: run `digits-train reader {stage}` first")
    model = build(0)
    model.load_weights(path)
    return model


def check(work: Path, beside: Sequence[Path] = ()) -> float:
    """Compare Keras with onnxruntime on tiles by other hands, write `work`/reader.parity.json.

    `beside` is what was exported with. Returns the largest difference of an
    answer. Raises `ParityFailed` when it is beyond `TOLERANCE`, `StageMissing`
    without weights, export or tiles.
    """
    model = exported(work)
    tiles = Tiles.watched(work).pixels[:TILES].astype(np.float32) / 255
    middle = (SHAPE[1] - SIDE) // 2
    close_ups = tiles[:, :SIDE, middle : middle + SIDE]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    found = session.run([CELLS, ANSWERS], {PAGE: tiles, CLOSE_UPS: close_ups})
    difference = 0.0
    kinds = (detector, refiner)
    for answer, trained, shown in zip(found, kinds, (tiles, close_ups), strict=True):
        nets = map(trained, [*beside, work])
        each = [net.predict(shown, batch_size=TILES, verbose=0) for net in nets]
        difference = max(difference, float(np.abs(answer - np.mean(each, axis=0)).max()))
    (digest,) = digest_of(model).values()
    passed = difference <= TOLERANCE
    values = {"tiles": len(tiles), "largest_difference": difference, "passed": passed}
    reports.write(work, NAME, "parity", digest, values)
    if not passed:
        raise ParityFailed(
            f"{NAME}: ONNX and Keras differ by {difference:.1e} (at most {TOLERANCE:.0e}): "
            "run `digits-train reader export` again; when it stays so, the export is at fault"
        )
    return difference


def exported(work: Path) -> bytes:
    """The content of `work`/reader.onnx. Raises `StageMissing`."""
    path = work / f"{NAME}.onnx"
    if not path.is_file():
        raise StageMissing(f"{path} is missing: run `digits-train reader export` first")
    return path.read_bytes()
