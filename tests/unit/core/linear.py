"""A real, small model whose answers anyone can work out, and a picture to ask it."""

import cv2
import numpy as np
from onnx import TensorProto, helper, numpy_helper


def linear_model(outputs: int = 11, weight: float = 0.02) -> bytes:
    """An ONNX model: output k sums columns 2k to 2k + 4 of the picture, times `weight`."""
    weights = np.zeros((28, 28, outputs), np.float32)
    for k in range(outputs):
        weights[:, 2 * k : 2 * k + 5, k] = weight
    graph = helper.make_graph(
        [
            helper.make_node("Reshape", ["image", "shape"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        ],
        "linear",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", outputs])],
        [
            numpy_helper.from_array(np.array([-1, 784], np.int64), "shape"),
            numpy_helper.from_array(weights.reshape(784, outputs), "weights"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()


def seven_png() -> bytes:
    """A PNG file of a dark 7 on light paper."""
    picture = np.full((90, 70), 235, np.uint8)
    stroke = np.array([[15, 15], [52, 15], [28, 76]])
    cv2.polylines(picture, [stroke], False, 25, 6, cv2.LINE_AA)
    return cv2.imencode(".png", picture)[1].tobytes()
