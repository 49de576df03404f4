"""Stage `tflite`: the CNN in integers for the small machines that run TensorFlow Lite."""

import contextlib
import io
import warnings
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from digits_core.bundle import digest_of
from digits_core.metrics import accuracy
from numpy.typing import NDArray

from digits_train import reports
from digits_train.candidate import INPUT, OUTPUT, SOURCE, exported
from digits_train.data import NOT_A_DIGIT, Data
from digits_train.errors import ParityFailed
from digits_train.export import require_tensorflow, trained
from digits_train.pool import Pool
from digits_train.quantize import Agreement, agreement, calibration_pictures, logits
from digits_train.speed import microseconds, onnx_call

FILE = f"{SOURCE}.tflite"


class Lite:
    """A TensorFlow Lite model of int8 in and out: one picture a call, on one thread."""

    def __init__(self, model: bytes) -> None:
        self._interpreter = Interpreter(model_content=model, num_threads=1)
        self._interpreter.allocate_tensors()
        (self._input,) = self._interpreter.get_input_details()
        (self._output,) = self._interpreter.get_output_details()

    def logits(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the model answers, float32[11], for a picture uint8[28, 28], white on black."""
        scale, zero = self._input["quantization"]
        values = np.rint(image / np.float32(255) / np.float32(scale)) + zero
        (answer,) = self.run(values.clip(-128, 127).astype(np.int8)[np.newaxis])
        scale, zero = self._output["quantization"]
        return (answer.astype(np.float32) - np.float32(zero)) * np.float32(scale)

    def run(self, values: NDArray[np.int8]) -> NDArray[np.int8]:
        """The file's own int8[1, 11] for int8[1, 28, 28]."""
        self._interpreter.set_tensor(self._input["index"], values)
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output["index"]))


def export(data: Data, pool: Pool, work: Path) -> Agreement:
    """Write `work`/cnn.tflite from the trained weights, and compare it with cnn.onnx.

    int8 throughout: `image` int8[1, 28, 28], a pixel of 0 to 255 less 128, to
    `logits` int8[1, 11] with scale and zero point in the file. The same
    pictures as for cnn-int8 tell the values' ranges. cnn.tflite.json holds the
    accuracy on the test images, the agreement, sizes in bytes and microseconds a
    picture on one thread. Raises `StageMissing` before the export,
    `ParityFailed` when more than `quantize.MOST_DIFFERING` answers differ,
    `TrainError` when Keras runs on another backend than TensorFlow.
    """
    source = exported(SOURCE, work)
    model = converted(trained(SOURCE, work), calibration_pictures(data, pool))
    path = work / FILE
    part = path.with_suffix(".part")
    part.write_bytes(model)
    part.replace(path)

    lite = Lite(model)
    found = np.stack([lite.logits(image) for image in data.test])
    result = agreement(logits(SOURCE, data, work), found)
    picture = np.zeros((1, 28, 28), np.int8)
    values = {
        "accuracy": accuracy(found[:, :NOT_A_DIGIT], data.test_labels),
        **asdict(result),
        "passed": result.passed,
        "bytes": {f"{SOURCE}.onnx": len(source), FILE: len(model)},
        "microseconds": microseconds(
            {f"{SOURCE}.onnx": onnx_call(source), FILE: lambda: lite.run(picture)}
        ),
    }
    (digest,) = digest_of(source).values()
    reports.write(work, SOURCE, "tflite", digest, values)
    if not result.passed:
        raise ParityFailed(
            f"{FILE} answers {result.differing} of {result.images} pictures otherwise than "
            f"{SOURCE}.onnx (at most {result.most_differing}): export both from the same weights"
        )
    return result


def converted(model: keras.Model, pictures: NDArray[np.uint8]) -> bytes:
    """`model` as a TensorFlow Lite file of int8; `pictures` uint8[N, 28, 28] tell its ranges."""
    require_tensorflow()
    # Heavy, and not there on another backend: only for this stage.
    import tensorflow as tf  # noqa: PLC0415

    # The converter wants a batch of a known size: microcontrollers reserve memory for it.
    image = keras.Input(batch_shape=(1, 28, 28), name=INPUT)
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(image, {OUTPUT: model(image)}))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [picture[np.newaxis].astype(np.float32) / np.float32(255)] for picture in pictures
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        # It asks for ranges of the input beforehand, then takes them from the pictures.
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs")
        return bytes(converter.convert())
