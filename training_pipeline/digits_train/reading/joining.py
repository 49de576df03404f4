"""A reader's two nets as ONNX graphs: taken out of a file, averaged, laid side by side.

Nets of several trainings may answer together, by the mean of what each says, which is
right more often than any of them: Lakshminarayanan et al., "Simple and Scalable
Predictive Uncertainty Estimation using Deep Ensembles" (2017).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import onnx
from digits_core.reading.close_ups import SIDE
from digits_core.reading.detector import CHANNELS
from onnx import ModelProto, NodeProto, TensorProto, compose, helper
from onnx.utils import Extractor

from digits_train.export import BATCH
from digits_train.reading.refinement import ANSWERS as KINDS


@dataclass(frozen=True, slots=True)
class Half:
    """One of the two nets: its name, and what it takes and gives in the reader's file."""

    name: str
    input: str
    output: str
    takes: tuple[str | int, ...]
    gives: tuple[str | int, ...]


DETECTOR = Half(
    "detector", "page", "cells", (BATCH, "height", "width"), (BATCH, "rows", "columns", CHANNELS)
)
REFINER = Half("refiner", "close_ups", "answers", ("count", SIDE, SIDE), ("count", KINDS))
HALVES = (DETECTOR, REFINER)


def half_of(model: ModelProto, half: Half) -> ModelProto:
    """One net of a reader's file, alone."""
    extractor = Extractor(onnx.shape_inference.infer_shapes(model))
    found: ModelProto = extractor.extract_model([half.input], [half.output])
    return found


def side_by_side(detectors: Sequence[ModelProto], refiners: Sequence[ModelProto]) -> bytes:
    """An ONNX file of detectors, which answer by their mean, and of refiners, which do as well."""
    detector, refiner = _mean(DETECTOR, detectors), _mean(REFINER, refiners)
    model = compose.merge_models(detector, refiner, io_map=[])
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _mean(half: Half, nets: Sequence[ModelProto]) -> ModelProto:
    """One net that gives the mean of what several give."""
    nodes: list[NodeProto] = []
    constants: list[TensorProto] = []
    outputs = []
    for place, net in enumerate(nets):
        named = compose.add_prefix(net, f"{half.name}_{place}/").graph
        nodes.append(helper.make_node("Identity", [half.input], [named.input[0].name]))
        nodes += named.node
        constants += named.initializer
        outputs += [value.name for value in named.output]
    nodes.append(helper.make_node("Mean", outputs, [half.output], f"{half.name}/mean"))
    graph = helper.make_graph(
        nodes,
        half.name,
        [helper.make_tensor_value_info(half.input, TensorProto.FLOAT, half.takes)],
        [helper.make_tensor_value_info(half.output, TensorProto.FLOAT, half.gives)],
        constants,
    )
    first = nets[0]
    return helper.make_model(graph, opset_imports=first.opset_import, ir_version=first.ir_version)
