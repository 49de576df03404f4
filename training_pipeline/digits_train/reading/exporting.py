"""Stage `reader export`: the averaged weights as an ONNX file."""

import json
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
from digits_core.bundle import digest_of

from digits_train import reports
from digits_train.errors import ParityFailed, StageMissing
from digits_train.export import BATCH, OPSET, require_tensorflow
from digits_train.reading.learning import NAME
from digits_train.reading.net import build
from digits_train.reading.tiles import Tiles

INPUT, OUTPUT = "page", "cells"

TILES = 100
TOLERANCE = 1e-3
"""The largest difference of a logit or a box's value; what rounding makes is a tenth of it."""


def export(work: Path) -> Path:
    """Write `work`/reader.onnx: float32[batch, height, width] `page` to [batch, h, w, 16] `cells`.

    Raises `StageMissing` without weights, `TrainError` when Keras runs on
    another backend than TensorFlow.
    """
    model = trained(work)
    require_tensorflow()
    # Heavy, and not there on another backend: only for this stage.
    import tensorflow as tf  # noqa: PLC0415
    import tf2onnx  # noqa: PLC0415

    signature = [tf.TensorSpec((None, None, None), tf.float32, name=INPUT)]
    answer = tf.function(lambda page: {OUTPUT: model(page, training=False)}, signature)
    proto, _ = tf2onnx.convert.from_function(answer, signature, opset=OPSET)
    for value, names in (
        (proto.graph.input[0], (BATCH, "height", "width")),
        (proto.graph.output[0], (BATCH, "rows", "columns")),
    ):
        for dimension, name in zip(value.type.tensor_type.shape.dim, names, strict=False):
            dimension.dim_param = name
    onnx.checker.check_model(proto, full_check=True)
    path = work / f"{NAME}.onnx"
    part = path.with_suffix(".part")
    part.write_bytes(proto.SerializeToString(deterministic=True))
    part.replace(path)
    origin = json.loads((work / f"{NAME}.train.json").read_text("utf-8"))
    (digest,) = digest_of(path.read_bytes()).values()
    reports.write(work, NAME, "export", digest, origin)
    return path


def trained(work: Path) -> keras.Model:
    """The net with its averaged weights. Raises `StageMissing`."""
    path = work / f"{NAME}.weights.h5"
    if not path.is_file():
        raise StageMissing(f"{path} is missing: run `digits-train reader train` first")
    model = build(seed=0)
    model.load_weights(path)
    return model


def check(work: Path) -> float:
    """Compare Keras with onnxruntime on tiles by other hands, write `work`/reader.parity.json.

    Returns the largest difference of a cell's value. Raises `ParityFailed` when
    it is beyond `TOLERANCE`, `StageMissing` without weights, export or tiles.
    """
    model = exported(work)
    image = Tiles.watched(work).pixels[:TILES].astype(np.float32) / 255
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (found,) = session.run([OUTPUT], {INPUT: image})
    expected = trained(work).predict(image, batch_size=TILES, verbose=0)
    difference = float(np.abs(found - expected).max())
    (digest,) = digest_of(model).values()
    passed = difference <= TOLERANCE
    values = {"tiles": len(image), "largest_difference": difference, "passed": passed}
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
