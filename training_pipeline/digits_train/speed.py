"""How long a model takes for one picture."""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

import numpy as np
import onnxruntime

from digits_train.candidate import INPUT, OUTPUT

ROUNDS, CALLS = 40, 25


def microseconds(calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """The median time of each call in microseconds.

    They take turns, so that what else the machine does meets all alike: their
    ratio can be believed more than each by itself.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            for _ in range(CALLS):
                start = perf_counter()
                call()
                times[name].append(perf_counter() - start)
    return {name: round(median(taken) * 1e6, 1) for name, taken in times.items()}


def onnx_call(model: bytes) -> Callable[[], object]:
    """A call that gives one picture to an ONNX file on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    image = {INPUT: np.full((1, 28, 28), 0.5, np.float32)}
    return lambda: session.run([OUTPUT], image)
