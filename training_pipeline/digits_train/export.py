"""Stage `export`: the averaged weights as an ONNX file. The only place that needs TensorFlow."""

import json
import logging
from pathlib import Path

import keras
import onnx
from digits_core.bundle import digest_of

from digits_train import reports
from digits_train.candidate import INPUT, OUTPUT
from digits_train.errors import StageMissing, TrainError
from digits_train.graph import simplify
from digits_train.model import build

log = logging.getLogger(__name__)

BATCH = "batch"
OPSET = 18
"""The highest that tf2onnx writes."""


def export(model_name: str, work: Path) -> Path:
    """Write `work`/NAME.onnx: float32[batch, 28, 28] `image` to float32[batch, 11] `logits`.

    NAME.export.json beside it says where the weights came from; any backend of
    Keras will do. Raises `StageMissing` without them, `TrainError` when Keras
    itself runs on another backend than TensorFlow.
    """
    model = trained(model_name, work)
    require_tensorflow()
    # Heavy, and not there on another backend: only for this stage.
    import tensorflow as tf  # noqa: PLC0415
    import tf2onnx  # noqa: PLC0415

    signature = [tf.TensorSpec((None, 28, 28), tf.float32, name=INPUT)]
    answer = tf.function(lambda image: {OUTPUT: model(image, training=False)}, signature)
    proto, _ = tf2onnx.convert.from_function(answer, signature, opset=OPSET)
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    simplify(proto)
    onnx.checker.check_model(proto, full_check=True)
    path = work / f"{model_name}.onnx"
    part = path.with_suffix(".part")
    part.write_bytes(proto.SerializeToString(deterministic=True))
    part.replace(path)
    origin = json.loads((work / f"{model_name}.train.json").read_text("utf-8"))
    (digest,) = digest_of(path.read_bytes()).values()
    reports.write(work, model_name, "export", digest, origin)
    return path


def require_tensorflow() -> None:
    """Raise `TrainError` when Keras runs on another backend."""
    if keras.backend.backend() != "tensorflow":
        raise TrainError(
            f"exporting needs Keras on TensorFlow, it runs on {keras.backend.backend()}: "
            "set KERAS_BACKEND=tensorflow; the weights of any backend will do"
        )


def trained(run: str, work: Path) -> keras.Model:
    """The model with the averaged weights of "cnn" or "cnn.seed-21". Raises `StageMissing`."""
    path = work / f"{run}.weights.h5"
    model_name = run.partition(".")[0]
    if not path.is_file():
        raise StageMissing(
            f"{path} is missing: run `digits-train train --model {model_name}` first"
        )
    model = build(model_name, seed=0)
    model.load_weights(path)
    return model
