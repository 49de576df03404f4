"""Opening a bundle's model in onnxruntime, and looking at its tensors."""

from typing import TypeAlias

import onnxruntime

from digits_core.errors import BundleError

Shapes: TypeAlias = dict[str, list[int | str | None]]
"""The sides of tensors by name; one that may have any length is a name or None."""


def open_session(name: str, model: bytes, threads: int) -> onnxruntime.InferenceSession:
    """Open a model file's content, on the processor with so many threads.

    Raises `BundleError`, which says the model's name, when onnxruntime does not take it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors share no public base class
        raise BundleError(f"onnxruntime cannot load {name}: {error}") from error
    # It keeps the file's content to change to another provider later, of which there is none: in
    # a worker that would be several megabytes.
    session._model_bytes = None  # noqa: SLF001 - onnxruntime has no option for it
    return session


def shapes(session: onnxruntime.InferenceSession) -> tuple[Shapes, Shapes]:
    """Those of a model's inputs and of its outputs."""
    return (
        {node.name: node.shape for node in session.get_inputs()},
        {node.name: node.shape for node in session.get_outputs()},
    )
