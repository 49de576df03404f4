"""An exported model as a bundle, before and when it is published.

Everything after the export looks at the ONNX file through the recogniser that
will serve it. A bundle needs canaries, so the candidate has them from the
start; their answers are worked out here, apart from the recogniser, which
then checks itself against them.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from digits_core import Bundle, Manifest, Recognizer, prepare
from digits_core.bundle import Acceptance, Canary, digest_of, digests_of
from digits_core.image import NORMALIZER_VERSION
from numpy.typing import NDArray

from digits_train import reports
from digits_train.drawings import STYLES, drawing, png
from digits_train.errors import StageMissing

INPUT, OUTPUT = "image", "logits"
SOURCE, QUANTIZED = "cnn", "cnn-int8"
"""The CNN, and what the stage `quantize` makes of it in integers."""

EVERYTHING = Acceptance(min_contrast=0.0, coefficients={}, intercept=0.0, threshold=0.0)
THREADS = 2


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the stage `calibrate` finds out for the manifest, by the manifest's names."""

    temperature: float = 1.0
    other_bias: float = 0.0
    acceptance: Acceptance = EVERYTHING


RAW = Calibration()


def candidate(model_name: str, work: Path, calibration: Calibration = RAW) -> Recognizer:
    """The recogniser of `work`/`model_name`.onnx, as version 0. Raises `StageMissing`."""
    return Recognizer(
        bundle(
            model_name,
            exported(model_name, work),
            version=0,
            calibration=calibration,
            metrics={},
            training={},
            commit="",
        ),
        threads=THREADS,
    )


def bundle(
    model_name: str,
    model: bytes,
    *,
    version: int,
    calibration: Calibration,
    metrics: Mapping[str, float],
    training: Mapping[str, Any],
    commit: str,
    beside: Mapping[str, bytes] | None = None,
) -> Bundle[Manifest]:
    """Put together a bundle with canaries and with what can be read off the ONNX file `model`.

    `beside` are further files of the bundle by name.
    """
    manifest = Manifest(
        name=model_name,
        version=version,
        files=digest_of(model) | digests_of(beside or {}),
        input=INPUT,
        output=OUTPUT,
        parameters=_parameters(model),
        normalizer_version=NORMALIZER_VERSION,
        temperature=calibration.temperature,
        other_bias=calibration.other_bias,
        acceptance=calibration.acceptance,
        metrics=metrics,
        training=training,
        commit=commit,
        canaries=_canaries(model, calibration),
    )
    return Bundle(manifest, model)


def calibrated(model_name: str, work: Path, digest: str) -> Calibration:
    """What was fitted to the ONNX file of that SHA-256. Raises `StageMissing`."""
    fitted = reports.read(work, model_name, "calibrate", digest)
    return Calibration(
        fitted["temperature"], fitted["other_bias"], Acceptance(**fitted["acceptance"])
    )


def exported(model_name: str, work: Path) -> bytes:
    """The content of `work`/`model_name`.onnx. Raises `StageMissing`."""
    path = work / f"{model_name}.onnx"
    if not path.is_file():
        stage = "quantize" if model_name == QUANTIZED else "export"
        raise StageMissing(f"{path} is missing: run `digits-train {stage}` first")
    return path.read_bytes()


def pictures() -> list[bytes]:
    """The canary pictures, PNG: 0 to 9 in our two hands, dark on light and light on dark."""
    papers = [(30, 245), (235, 20), (70, 200)]
    return [
        png(drawing(digit, digit % STYLES, side=140, pen=7 + digit % 3, ink=ink, paper=paper))
        for digit, (ink, paper) in zip(range(10), cycle(papers))
    ]


def parts(images: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Cut uint8[N, 28, 28] up: the CNN's maps of 10,000 pictures at once would fill the memory."""
    return np.array_split(images, max(1, len(images) // 500))


def _canaries(model: bytes, calibration: Calibration) -> tuple[Canary, ...]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    seen = [prepare(picture).pixels for picture in pictures()]
    (logits,) = session.run([OUTPUT], {INPUT: np.stack(seen).astype(np.float32) / np.float32(255)})
    odds = np.exp(logits.astype(np.float64) / calibration.temperature)
    odds[:, 10] *= np.exp(calibration.other_bias)
    digits = odds[:, :10] / odds[:, :10].sum(axis=1, keepdims=True)
    scores = odds[:, :10].sum(axis=1) / odds.sum(axis=1)
    return tuple(
        Canary(base64.b64encode(picture).decode(), int(p.argmax()), tuple(p.tolist()), float(score))
        for picture, p, score in zip(pictures(), digits, scores, strict=True)
    )


def _parameters(model: bytes) -> int:
    """Count the weights, in floats or integers, but not the scales that turn these into floats."""
    graph = onnx.load_model_from_string(model).graph
    conversions = [n for n in graph.node if n.op_type in {"QuantizeLinear", "DequantizeLinear"}]
    integers = {node.input[0] for node in conversions}
    scales = {name for node in conversions for name in node.input[1:]}
    return sum(
        int(np.prod(tensor.dims))
        for tensor in graph.initializer
        if (tensor.data_type == onnx.TensorProto.FLOAT or tensor.name in integers)
        and tensor.name not in scales
    )
