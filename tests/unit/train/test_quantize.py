"""The CNN in integers: small, close to its source, and honest about where it differs."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from digits_core.bundle import digest_of
from digits_train import reports
from digits_train.candidate import QUANTIZED, candidate
from digits_train.data import Data
from digits_train.errors import ParityFailed, StageMissing
from digits_train.pool import Pool
from digits_train.quantize import (
    MOST_DIFFERING,
    agreement,
    calibration_pictures,
    quantize,
    quantized,
)
from numpy.typing import NDArray

from tests.networks import convolutional

RNG = np.random.default_rng(0)


def images(count: int) -> NDArray[np.uint8]:
    """Blots instead of digits: quantising asks for values, not for meaning."""
    small = RNG.integers(0, 256, (count, 7, 7), np.uint8)
    return small.repeat(4, axis=1).repeat(4, axis=2)


def labels(count: int) -> NDArray[np.uint8]:
    """Any digits."""
    return RNG.integers(0, 10, count, np.uint8)


@pytest.fixture(scope="module")
def pool() -> Pool:
    """What the normaliser might have left."""
    return Pool(images(100), labels(100), np.zeros(100, np.uint8))


@pytest.fixture(scope="module")
def data() -> Data:
    """All that quantising looks at: digits of training and of test."""
    return Data(
        train=images(300),
        train_labels=labels(300),
        drawn=images(0),
        drawn_labels=labels(0),
        outliers=images(0),
        validation=images(0),
        validation_labels=labels(0),
        validation_drawn=images(0),
        validation_drawn_labels=labels(0),
        validation_outliers=images(0),
        test=images(400),
        test_labels=labels(400),
    )


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder in which the CNN's parity has been proven."""
    return exported(tmp_path, convolutional(seed=0))


def exported(work: Path, model: bytes) -> Path:
    """Leave in `work` what the stages before quantising would."""
    (work / "cnn.onnx").write_bytes(model)
    (digest,) = digest_of(model).values()
    reports.write(work, "cnn", "export", digest, {"config": {"seed": 3}, "commit": "c" * 40})
    reports.write(work, "cnn", "parity", digest, {"passed": True})
    return work


def tensors(model: bytes) -> dict[str, Any]:
    """An ONNX file's constants by name."""
    graph = onnx.load_model_from_string(model).graph
    return {tensor.name: tensor for tensor in graph.initializer}


def test_it_agrees_and_says_so(data: Data, pool: Pool, work: Path) -> None:
    """The report counts the differing answers as a recount does, and says what was compared."""
    result = quantize(data, pool, work)

    digits = [
        candidate(name, work).logits(data.test)[:, :10].argmax(axis=1)
        for name in ("cnn", QUANTIZED)
    ]
    digest = candidate(QUANTIZED, work).manifest.digest
    report = reports.read(work, QUANTIZED, "quantize", digest)
    assert report["differing"] == result.differing == (digits[0] != digits[1]).sum()
    assert report["images"] == 400
    assert report["passed"]
    assert report["config"] == {"seed": 3}
    assert report["commit"] == "c" * 40
    assert report["source"] == candidate("cnn", work).manifest.digest
    assert report["bytes"][QUANTIZED] == (work / "cnn-int8.onnx").stat().st_size
    assert min(report["microseconds"].values()) > 0


def test_only_the_ends_stay_in_floats(data: Data, pool: Pool) -> None:
    """Inner weights are int8 with a scale a channel; the first layer's and the last's are not."""
    before = convolutional(seed=0)

    after = quantized(before, calibration_pictures(data, pool))

    kinds = {name.split("_quantized")[0]: value.data_type for name, value in tensors(after).items()}
    assert kinds["conv1"] == kinds["dense2"] == onnx.TensorProto.FLOAT
    assert kinds["conv2"] == kinds["dense1"] == onnx.TensorProto.INT8
    assert list(tensors(after)["conv2_scale"].dims) == [8]


def test_the_same_again(data: Data, pool: Pool) -> None:
    """The same model and pictures give the same file, bit for bit."""
    model, pictures = convolutional(seed=0), calibration_pictures(data, pool)

    assert quantized(model, pictures) == quantized(model, pictures)


def test_parameters_are_the_sources(data: Data, pool: Pool, work: Path) -> None:
    """Weights in integers count, their scales do not: both models have as many parameters."""
    quantize(data, pool, work)

    ours, sources = (candidate(name, work).manifest for name in (QUANTIZED, "cnn"))
    assert (
        ours.parameters
        == sources.parameters
        == sum(
            int(np.prod(tensor.dims))
            for tensor in tensors((work / "cnn.onnx").read_bytes()).values()
            if tensor.data_type == onnx.TensorProto.FLOAT
        )
    )


def test_half_of_the_calibration_is_from_the_pool(data: Data, pool: Pool) -> None:
    """Of 512 pictures 256 are plain digits, the others have been through the normaliser."""
    pictures = calibration_pictures(data, pool)

    digits = {image.tobytes() for image in data.train}
    assert [image.tobytes() in digits for image in pictures] == [True] * 256 + [False] * 256


@pytest.mark.parametrize(("differing", "passes"), [(MOST_DIFFERING, True), (6, False)])
def test_five_answers_may_differ(differing: int, passes: bool) -> None:
    """Five differing answers pass, six do not; what is said of "no digit" plays no part."""
    expected = np.zeros((100, 11))
    expected[:, [3, 10]] = [1, 2]
    found = expected.copy()
    found[:differing, 4] = 1.5

    result = agreement(expected, found)

    assert (result.images, result.differing, result.passed) == (100, differing, passes)


def test_refuses_one_that_answers_otherwise(data: Data, pool: Pool, work: Path) -> None:
    """A model whose weights integers cannot tell apart fails the stage, and the report says so."""
    exported(work, convolutional(seed=0, coarse=True))

    with pytest.raises(ParityFailed, match=r"answers \d+ of 400 pictures otherwise than cnn"):
        quantize(data, pool, work)

    digest = candidate(QUANTIZED, work).manifest.digest
    assert not reports.read(work, QUANTIZED, "quantize", digest)["passed"]


@pytest.mark.parametrize("stage", ["export", "parity"])
def test_refuses_an_unproven_source(data: Data, pool: Pool, work: Path, stage: str) -> None:
    """The source must have been exported and have answered as the trained model does."""
    (work / f"cnn.{stage}.json").unlink()

    with pytest.raises(StageMissing, match=f"digits-train {stage} --model cnn"):
        quantize(data, pool, work)


def test_refuses_a_source_that_failed(data: Data, pool: Pool, work: Path) -> None:
    """What does not answer as the trained model does is no model to agree with."""
    digest = candidate("cnn", work).manifest.digest
    reports.write(work, "cnn", "parity", digest, {"passed": False})

    with pytest.raises(ParityFailed, match=r"cnn\.onnx failed the parity check"):
        quantize(data, pool, work)

    assert not (work / "cnn-int8.onnx").exists()


def test_missing_source(data: Data, pool: Pool, tmp_path: Path) -> None:
    """Without an exported model the error names the stage."""
    with pytest.raises(StageMissing, match="digits-train export"):
        quantize(data, pool, tmp_path)
