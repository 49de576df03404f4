"""Exported graphs are made smaller without changing an answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from digits_train.graph import simplify
from numpy.typing import NDArray
from onnx import helper, numpy_helper

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(8, 3)).astype(np.float32)
SCALE = RNG.normal(size=3).astype(np.float32)
BIAS = RNG.normal(size=3).astype(np.float32)


def model_of(
    nodes: list[onnx.NodeProto],
    *,
    takes: Sequence[int] = (2, 4),
    gives: Sequence[int] = (3,),
    **constants: NDArray[Any],
) -> onnx.ModelProto:
    """A model from `image` float32[N, *takes] to `logits` float32[N, *gives]."""
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("image", kind, ["N", *takes])],
        [helper.make_tensor_value_info("logits", kind, ["N", *gives])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def converted(*, scaled: bool) -> onnx.ModelProto:
    """What tf2onnx makes of a flattening and a dense layer, with a batch norm when `scaled`."""
    node = helper.make_node
    nodes = [
        node("Shape", ["image"], ["shape"]),
        node("Slice", ["shape", "zero", "one"], ["size"]),
        node("Concat", ["size", "eight"], ["to"], axis=0),
        node("Cast", ["to"], ["to64"], to=onnx.TensorProto.INT64),
        node("Reshape", ["image", "to64"], ["flat"]),
        node("MatMul", ["flat", "w"], ["product"], name="dense"),
        node("Mul", ["product", "scale"], ["scaled"]),
        node("Add", ["scaled" if scaled else "product", "bias"], ["logits"]),
    ]
    if not scaled:
        del nodes[-2]
    ends = {"zero": np.int64([0]), "one": np.int64([1]), "eight": np.int64([8])}
    return model_of(nodes, **ends, w=WEIGHTS, scale=SCALE, bias=BIAS)


def answer(model: onnx.ModelProto, image: NDArray[np.float32]) -> NDArray[np.float32]:
    """What onnxruntime makes of the model."""
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (logits,) = session.run(["logits"], {"image": image})
    return np.asarray(logits)


@pytest.mark.parametrize("scaled", [True, False])
def test_a_dense_layer_is_one_node(scaled: bool) -> None:
    """Flattening, product, norm and sum are two nodes, and answer as before."""
    model, image = converted(scaled=scaled), RNG.normal(size=(5, 2, 4)).astype(np.float32)
    before = answer(model, image)

    simplify(model)

    assert [node.op_type for node in model.graph.node] == ["Flatten", "Gemm"]
    assert len(model.graph.initializer) == 2
    np.testing.assert_allclose(answer(model, image), before, atol=1e-5)


def dilated() -> onnx.ModelProto:
    """What tf2onnx makes of a convolution dilated by 2 with its norm."""
    node = helper.make_node
    swap = {"perm": [1, 0, 2, 3]}
    nodes = [
        node("Pad", ["image", "edges"], ["padded"]),
        node("Transpose", ["padded"], ["turned"], **swap),
        node("SpaceToDepth", ["turned"], ["dealt"], blocksize=2),
        node("Transpose", ["dealt"], ["parts"], **swap),
        node("Conv", ["parts", "w"], ["seen"], name="dilated", kernel_shape=[3, 3]),
        node("Transpose", ["seen"], ["back"], **swap),
        node("DepthToSpace", ["back"], ["gathered"], blocksize=2),
        node("Slice", ["gathered", "none", "all", "rows"], ["cut"]),
        node("Transpose", ["cut"], ["whole"], **swap),
        node("Mul", ["whole", "scale"], ["scaled"]),
        node("Add", ["scaled", "bias"], ["logits"]),
    ]
    constants = {
        "edges": np.int64([0, 0, 2, 2, 0, 0, 2, 2]),
        "none": np.int64([0]),
        "all": np.int64([6]),
        "rows": np.int64([2]),
        "w": RNG.normal(size=(3, 2, 3, 3)).astype(np.float32),
        "scale": SCALE.reshape(1, 3, 1, 1),
        "bias": BIAS.reshape(1, 3, 1, 1),
    }
    return model_of(nodes, takes=[2, 6, 8], gives=[3, 6, 8], **constants)


def test_a_dilated_convolution_is_one_node() -> None:
    """Dealing out, convolving, gathering and the norm are one node, and answer as before."""
    model, image = dilated(), RNG.normal(size=(5, 2, 6, 8)).astype(np.float32)
    before = answer(model, image)

    simplify(model)

    (node,) = model.graph.node
    assert helper.get_node_attr_value(node, "dilations") == [2, 2]
    assert len(model.graph.initializer) == 2
    np.testing.assert_allclose(answer(model, image), before, atol=1e-5)


def test_a_value_with_two_readers_stays() -> None:
    """A product that is needed elsewhere, too, is left alone."""
    node = helper.make_node
    nodes = [
        node("Flatten", ["image"], ["flat"]),
        node("MatMul", ["flat", "w"], ["product"]),
        node("Mul", ["product", "scale"], ["scaled"]),
        node("Add", ["scaled", "bias"], ["sum"]),
        node("Add", ["sum", "product"], ["logits"]),
    ]
    model = model_of(nodes, w=WEIGHTS, scale=SCALE, bias=BIAS)
    before = model.SerializeToString()

    simplify(model)

    assert model.SerializeToString() == before


def test_another_reshaping_stays() -> None:
    """Only a shape of the batch's size and one number is a flattening."""
    node = helper.make_node
    nodes = [
        node("Reshape", ["image", "flat"], ["row"]),
        node("MatMul", ["row", "w"], ["product"]),
        node("Relu", ["product"], ["logits"]),
    ]
    model = model_of(nodes, flat=np.int64([-1, 8]), w=WEIGHTS)
    before = model.SerializeToString()

    simplify(model)

    assert model.SerializeToString() == before
