"""Stage `quantize`: the CNN in integers of eight bits, a third of the size."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
from digits_core.bundle import digest_of
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quant_pre_process,
    quantize_static,
)

from digits_train import reports
from digits_train.candidate import INPUT, QUANTIZED, SOURCE, candidate, exported, parts
from digits_train.data import NOT_A_DIGIT, Data
from digits_train.errors import ParityFailed
from digits_train.pool import Pool
from digits_train.speed import microseconds, onnx_call

MOST_DIFFERING = 5
"""Of all test images, as many may be answered otherwise than by the model of floats."""

CALIBRATION_PICTURES = 512
SEED = 20
LAYERS = ("Conv", "Gemm", "MatMul")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many pictures a quantised model answers with another digit than its source."""

    images: int
    differing: int
    most_differing: int = MOST_DIFFERING

    @property
    def passed(self) -> bool:
        return self.differing <= self.most_differing


def quantize(data: Data, pool: Pool, work: Path) -> Agreement:
    """Write `work`/cnn-int8.onnx from `work`/cnn.onnx, and compare them on all test images.

    Static, in QDQ form: uint8 values, int8 weights with a scale a channel, each
    value's range the one it has on 512 calibration pictures. The first layer
    and the last stay in floats. Without VNNI a processor adds up products of
    eight bits in sixteen, and white pictures overflow these in the first
    convolution: with all layers in integers 16 of 10,000 answers differed on
    AVX2 (and 3 in exact arithmetic), without the first and the last 0 to 3, on
    both, whatever pictures were drawn for calibration. Percentiles instead of
    the whole range, four times the pictures or digits alone made no difference.

    cnn-int8.quantize.json holds the agreement, sizes in bytes, microseconds a
    picture on one thread, and where the weights came from. Raises
    `StageMissing` before the parity check of cnn.onnx, `ParityFailed` when it
    failed that, or when more than `MOST_DIFFERING` answers differ.
    """
    source = exported(SOURCE, work)
    (digest,) = digest_of(source).values()
    origin = reports.read(work, SOURCE, "export", digest)
    if not reports.read(work, SOURCE, "parity", digest)["passed"]:
        raise ParityFailed(f"{SOURCE}.onnx failed the parity check: export it again")
    model = quantized(source, calibration_pictures(data, pool))
    path = work / f"{QUANTIZED}.onnx"
    part = path.with_suffix(".part")
    part.write_bytes(model)
    part.replace(path)

    files = {SOURCE: source, QUANTIZED: model}
    result = agreement(logits(SOURCE, data, work), logits(QUANTIZED, data, work))
    values = {
        **origin,
        "source": digest,
        **asdict(result),
        "passed": result.passed,
        "bytes": {name: len(content) for name, content in files.items()},
        "microseconds": microseconds({name: onnx_call(file) for name, file in files.items()}),
    }
    (own_digest,) = digest_of(model).values()
    reports.write(work, QUANTIZED, "quantize", own_digest, values)
    if not result.passed:
        raise ParityFailed(
            f"{QUANTIZED} answers {result.differing} of {result.images} pictures otherwise "
            f"than {SOURCE} (at most {MOST_DIFFERING}): keep more layers in floats"
        )
    return result


def quantized(model: bytes, pictures: NDArray[np.uint8]) -> bytes:
    """The ONNX file `model` in integers; `pictures` uint8[N, 28, 28] tell its values' ranges."""
    with tempfile.TemporaryDirectory() as folder:
        ready, done = Path(folder, "ready.onnx"), Path(folder, "done.onnx")
        # Its optimiser would only do what the export has done.
        quant_pre_process(
            onnx.load_model_from_string(model),
            ready,
            skip_optimization=True,
            skip_symbolic_shape=True,
        )
        layers = [node.name for node in onnx.load(ready).graph.node if node.op_type in LAYERS]
        quantize_static(
            ready,
            done,
            _Pictures(pictures),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=[layers[0], layers[-1]],
        )
        return done.read_bytes()


def calibration_pictures(data: Data, pool: Pool) -> NDArray[np.uint8]:
    """Draw 512 of training's pictures, uint8[512, 28, 28]: half plain digits, half the pool's."""
    rng = np.random.default_rng(SEED)
    half = CALIBRATION_PICTURES // 2
    return np.concatenate(
        [images[rng.integers(len(images), size=half)] for images in (data.train, pool.pixels)]
    )


def agreement(expected: NDArray[np.floating], found: NDArray[np.floating]) -> Agreement:
    """Compare the digits that two models' logits float[N, 11] make the likeliest."""
    digits, others = (logits[:, :NOT_A_DIGIT].argmax(axis=1) for logits in (expected, found))
    return Agreement(images=len(digits), differing=int((digits != others).sum()))


def logits(model_name: str, data: Data, work: Path) -> NDArray[np.float32]:
    """What `work`/`model_name`.onnx answers to all test images: float32[N, 11]."""
    recognizer = candidate(model_name, work)
    return np.concatenate([recognizer.logits(part) for part in parts(data.test)])


class _Pictures:
    """Hands calibration one part of the pictures after the other."""

    def __init__(self, pictures: NDArray[np.uint8]) -> None:
        self._parts = iter(np.array_split(pictures, 8))

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        part = next(self._parts, None)
        return None if part is None else {INPUT: part.astype(np.float32) / np.float32(255)}
