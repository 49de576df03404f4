"""An exported graph without what its conversion left over: fewer nodes, the same answers.

tf2onnx folds a batch norm into the convolution before it, but leaves that of a
dense layer as a product and a sum, and works out the shape of a flattened
picture anew in every call. Both cost time (6 % of a call), and each product
that is quantised by itself costs accuracy.
"""

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, helper, numpy_helper

# What follows on the pixels that TensorFlow deals out for a dilated convolution.
_DILATED = ("Transpose", "Conv", "Transpose", "DepthToSpace", "Slice", "Transpose", "Mul", "Add")


def simplify(model: onnx.ModelProto) -> None:
    """Make dense layers with their norms a `Gemm`, flattenings a `Flatten`, dilations a `Conv`.

    What is not laid out as Keras's layers are is left alone.
    """
    for node in list(model.graph.node):
        if node.op_type == "MatMul":
            _merge_dense(model.graph, node)
        elif node.op_type == "Reshape":
            _flatten(model.graph, node)
        elif node.op_type == "SpaceToDepth":
            _dilate(model.graph, node)
    _drop_unused(model.graph)


def _merge_dense(graph: GraphProto, product: NodeProto) -> None:
    """Put `x @ weights * scale + bias` into one node; there may be no scale."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights = constants.get(product.input[1])
    merged, follower = [product], _only_reader(graph, product)
    if weights is not None and follower is not None and follower.op_type == "Mul":
        scale = constants.get(follower.input[1])
        weights = None if scale is None else weights * scale
        merged, follower = [*merged, follower], _only_reader(graph, follower)
    if weights is None or follower is None or follower.op_type != "Add":
        return
    if follower.input[1] not in constants:
        return
    name = f"{product.name}/weights"
    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(weights), name))
    inputs = [product.input[0], name, follower.input[1]]
    place = list(graph.node).index(product)
    for node in (*merged, follower):
        graph.node.remove(node)
    graph.node.insert(place, helper.make_node("Gemm", inputs, follower.output, product.name))


def _flatten(graph: GraphProto, reshape: NodeProto) -> None:
    """Recognise a flattening by its shape: the batch's size and another number."""
    writers = {output: node for node in graph.node for output in node.output}
    shape = writers.get(reshape.input[1])
    while shape is not None and shape.op_type == "Cast":
        shape = writers.get(shape.input[0])
    if shape is not None and shape.op_type == "Concat" and len(shape.input) == 2:
        flat = helper.make_node("Flatten", reshape.input[:1], reshape.output, reshape.name)
        reshape.CopyFrom(flat)


def _dilate(graph: GraphProto, dealt: NodeProto) -> None:
    """Put a dilated convolution that leaves the size as it is, with its norm, into one node.

    TensorFlow deals the pixels out to several smaller pictures, convolves these, and
    gathers the pixels again, whatever the size: half of the nodes work out how far to pad.
    """
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    writers = {output: node for node in graph.node for output in node.output}
    padded = writers[writers[dealt.input[0]].input[0]]
    steps = [dealt]
    for kind in _DILATED:
        follower = _only_reader(graph, steps[-1])
        if follower is None or follower.op_type != kind:
            return
        steps.append(follower)
    convolution, scale, bias = (steps[_DILATED.index(kind) + 1] for kind in ("Conv", "Mul", "Add"))
    wanted = (convolution.input[1], scale.input[1], bias.input[1])
    if padded.op_type != "Pad" or any(name not in constants for name in wanted):
        return
    weights, scales, biases = (constants[name] for name in wanted)
    scales = scales.reshape(-1, 1, 1, 1)
    by = helper.get_node_attr_value(dealt, "blocksize")
    names = [f"{convolution.name}/weights", f"{convolution.name}/bias"]
    for name, value in zip(names, (weights * scales, biases.reshape(-1)), strict=True):
        graph.initializer.append(numpy_helper.from_array(value, name))
    down, across = weights.shape[2:]
    edges = [by * (down // 2), by * (across // 2)]
    dilated = helper.make_node(
        "Conv",
        [padded.input[0], *names],
        bias.output,
        convolution.name,
        dilations=[by, by],
        kernel_shape=[down, across],
        pads=edges + edges,
    )
    place = list(graph.node).index(bias)
    graph.node.remove(bias)
    graph.node.insert(place, dilated)


def _drop_unused(graph: GraphProto) -> None:
    needed = {value.name for value in graph.output}
    for node in reversed(list(graph.node)):  # ONNX keeps them in the order of execution
        if needed.isdisjoint(node.output):
            graph.node.remove(node)
        else:
            needed.update(node.input)
    for tensor in list(graph.initializer):
        if tensor.name not in needed:
            graph.initializer.remove(tensor)


def _only_reader(graph: GraphProto, node: NodeProto) -> NodeProto | None:
    """The node that takes the value of `node`, when it is just one."""
    readers = [each for each in graph.node if node.output[0] in each.input]
    return readers[0] if len(readers) == 1 else None
