"""Networks made by hand, for tests that need the kinds of layers but no training."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper


def convolutional(seed: int, *, coarse: bool = False) -> bytes:
    """Two convolutions and two dense layers with random weights, as an ONNX file.

    From `image` float32[N, 28, 28] to `logits` float32[N, 11]. A `coarse` one has
    huge weights, which meet nothing but zeros and change no answer, among those
    of its first dense layer: in integers these then have no values left.
    """
    rng = np.random.default_rng(seed)

    def random(*shape: int) -> NDArray[np.float32]:
        return rng.normal(0, np.prod(shape[1:]) ** -0.5, shape).astype(np.float32)

    constants: dict[str, NDArray[Any]] = {
        "square": np.int64([-1, 1, 28, 28]),
        "conv1": random(4, 1, 3, 3),
        "conv2": random(8, 4, 3, 3),
        "dense1": random(16, 8 * 6 * 6).T.copy(),
        "dense2": random(11, 16).T.copy(),
    }
    if coarse:
        constants["conv2"][0] = -1
        constants["dense1"][:36] = 1000
    kernel = {"kernel_shape": [3, 3], "strides": [2, 2]}
    node = helper.make_node
    nodes = [
        node("Reshape", ["image", "square"], ["plane"], "reshape"),
        node("Conv", ["plane", "conv1"], ["first"], "first", **kernel),
        node("Relu", ["first"], ["one"], "one"),
        node("Conv", ["one", "conv2"], ["second"], "second", **kernel),
        node("Relu", ["second"], ["two"], "two"),
        node("Flatten", ["two"], ["flat"], "flatten"),
        node("Gemm", ["flat", "dense1"], ["third"], "third"),
        node("Relu", ["third"], ["three"], "three"),
        node("Gemm", ["three", "dense2"], ["logits"], "fourth"),
    ]
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "convolutional",
        [helper.make_tensor_value_info("image", kind, ["N", 28, 28])],
        [helper.make_tensor_value_info("logits", kind, ["N", 11])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()
