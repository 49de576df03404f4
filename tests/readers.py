"""A real, small reader that takes every solid bar for a 7, and pictures for it."""

import base64
import math
from pathlib import Path

import cv2
import numpy as np
from digits_core.bundle import ReadCanary, ReaderManifest, Rule, digest_of, write
from digits_core.image import PAGE_VERSION
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SEVEN = 7


def bar_reader(
    *,
    channels: int = 16,
    steep: float = 30,
    sides: tuple[int, int] | tuple[str, str] = ("height", "width"),
    answers: int = 12,
) -> bytes:
    """An ONNX model: presence is the mean ink of 9 x 25 pixels, every character a 7 of 24 x 16.

    Every close-up shows a 7, too. A cell has so many `channels`, presence rises
    so `steep`ly with the ink, the page's `sides` have names or lengths, close-ups
    get so many `answers`.
    """
    constant = np.zeros(channels - 1, np.float32)
    constant[SEVEN] = 9.0
    constant[-2] = math.log(16 / 24)
    shown = np.zeros(answers, np.float32)
    shown[SEVEN] = 9.0
    graph = helper.make_graph(
        [
            helper.make_node("Unsqueeze", ["page", "one"], ["picture"]),
            helper.make_node(
                "AveragePool",
                ["picture"],
                ["ink"],
                kernel_shape=[25, 9],
                strides=[4, 4],
                pads=[11, 3, 10, 2],
                count_include_pad=1,
            ),
            helper.make_node("Transpose", ["ink"], ["cells"], perm=[0, 2, 3, 1]),
            helper.make_node("Sub", ["cells", "level"], ["above"]),
            helper.make_node("Mul", ["above", "steep"], ["presence"]),
            helper.make_node("Mul", ["presence", "none"], ["nothing"]),
            helper.make_node("Add", ["nothing", "constant"], ["rest"]),
            helper.make_node("Concat", ["presence", "rest"], ["found"], axis=3),
            helper.make_node("ReduceMax", ["close_ups", "sides"], ["white"], keepdims=0),
            helper.make_node("Unsqueeze", ["white", "one"], ["column"]),
            helper.make_node("Mul", ["column", "none"], ["zero"]),
            helper.make_node("Add", ["zero", "shown"], ["answers"]),
        ],
        "bars",
        [
            helper.make_tensor_value_info("page", TensorProto.FLOAT, ["batch", *sides]),
            helper.make_tensor_value_info("close_ups", TensorProto.FLOAT, ["count", 32, 32]),
        ],
        [
            helper.make_tensor_value_info(
                "found", TensorProto.FLOAT, ["batch", "rows", "columns", channels]
            ),
            helper.make_tensor_value_info("answers", TensorProto.FLOAT, ["count", answers]),
        ],
        [
            numpy_helper.from_array(np.array([1], np.int64), "one"),
            numpy_helper.from_array(np.float32(0.75), "level"),
            numpy_helper.from_array(np.float32(steep), "steep"),
            numpy_helper.from_array(np.float32(0), "none"),
            numpy_helper.from_array(constant, "constant"),
            numpy_helper.from_array(np.array([1, 2], np.int64), "sides"),
            numpy_helper.from_array(shown, "shown"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()


def bars(*places: tuple[int, int], shape: tuple[int, int] = (120, 300)) -> NDArray[np.uint8]:
    """Dark bars of 24 x 48 pixels on light paper, their left upper corners at x, y."""
    picture = np.full(shape, 235, np.uint8)
    for x, y in places:
        picture[y : y + 48, x : x + 24] = 30
    return picture


def png(picture: NDArray[np.uint8]) -> bytes:
    """The picture as a PNG file's content."""
    return cv2.imencode(".png", picture)[1].tobytes()


def reader_manifest(**changes: object) -> ReaderManifest:
    """The manifest of `bar_reader`, with `changes`."""
    values: dict[str, object] = {
        "name": "reader",
        "version": 1,
        "files": digest_of(bar_reader()),
        "input": "page",
        "output": "found",
        "parameters": 15,
        "normalizer_version": PAGE_VERSION,
        "presence": 0.5,
        "refiner_input": "close_ups",
        "refiner_output": "answers",
        "weights": {"detector": 1.0, "refiner": 0.0, "recognizer": 0.0},
        "there": Rule({"presence": 1.0, "middle": 0.0, "alone": 0.0, "score": 0.0}, 0.0),
        "right": Rule({"presence": 1.0, "middle": 0.0, "alone": 0.0, "score": 0.0}, 0.0),
        "accept": 0.5,
        "together": 1.0,
        "metrics": {"strings_separated": 0.1},
        "training": {"detector": [{"seed": 1}], "refiner": [{"seed": 1}]},
        "commit": "0" * 40,
        "canaries": (ReadCanary(base64.b64encode(png(bars((40, 30), (90, 30)))).decode(), "77"),),
    }
    return ReaderManifest(**(values | changes))  # type: ignore[arg-type]


def write_reader(models_dir: Path, **changes: object) -> Path:
    """Publish `bar_reader` in `models_dir`."""
    return write(reader_manifest(**changes), bar_reader(), models_dir)
