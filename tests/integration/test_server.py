"""The server on the published bundles."""

import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import grpc
import numpy as np
import pytest
from digits.v1 import digits_pb2 as pb
from digits.v1 import digits_pb2_grpc
from digits_core import Recognizer
from digits_train.drawings import drawing

from tests.conftest import PATIENCE_S

Stub = digits_pb2_grpc.DigitServiceStub


@pytest.fixture(scope="module")
def stub(server_address: str) -> Iterator[Stub]:
    """The service on the published bundles."""
    with grpc.insecure_channel(server_address) as channel:
        yield Stub(channel)


@pytest.fixture(scope="module")
def picture(digit_png: bytes) -> np.ndarray:
    """The seven, uint8[160, 200]."""
    return cv2.imdecode(np.frombuffer(digit_png, np.uint8), cv2.IMREAD_GRAYSCALE)


@pytest.mark.parametrize("model", ["", "mlp", "cnn"])
def test_seven(stub: Stub, digit_png: bytes, model: str) -> None:
    """Each model reads a plain seven, accepts it, and says so as it does in process."""
    request = pb.PredictRequest(image=pb.Image(encoded=digit_png), model=model)
    answer = stub.Predict(request).prediction
    wanted = Recognizer.load(model or None).predict(digit_png)

    assert (answer.digit, answer.accepted) == (7, True)
    assert answer.reason == pb.REJECTION_REASON_UNSPECIFIED
    assert answer.model == wanted.model
    assert tuple(answer.probabilities) == pytest.approx(wanted.probabilities, abs=1e-6)
    assert answer.confidence == pytest.approx(wanted.confidence, abs=1e-6)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tiff"])
def test_formats(stub: Stub, picture: np.ndarray, suffix: str) -> None:
    """The format does not change the answer; lossy ones hardly change the confidence."""
    data = cv2.imencode(suffix, picture)[1].tobytes()
    images = [
        pb.Image(encoded=data),
        pb.Image(raw=pb.RawImage(width=200, height=160, channels=1, data=picture.tobytes())),
    ]
    results = stub.PredictBatch(pb.PredictBatchRequest(images=images)).results
    file, raw = (result.prediction for result in results)

    assert file.digit == raw.digit == 7
    assert file.confidence == pytest.approx(raw.confidence, abs=0.05)


@pytest.mark.parametrize("model", ["mlp", "cnn"])
@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 64])
def test_batches_of_the_same(stub: Stub, digit_png: bytes, model: str, count: int) -> None:
    """However many pictures travel together, each gets the answer that it gets alone."""
    image = pb.Image(encoded=digit_png)
    alone = stub.Predict(pb.PredictRequest(image=image, model=model)).prediction
    results = stub.PredictBatch(pb.PredictBatchRequest(images=[image] * count, model=model)).results

    assert len(results) == count
    for result in results:
        assert result.prediction.probabilities == pytest.approx(alone.probabilities, abs=1e-5)


@pytest.fixture(scope="module")
def touching() -> bytes:
    """A 3 and a 5 that run into each other, on white paper."""
    ink = [255 - drawing(digit) for digit in (3, 5)]
    boxes = [cv2.boundingRect(cv2.compare(each, 60, cv2.CMP_GT)) for each in ink]
    left, right = (
        each[y : y + height, x : x + width]
        for each, (x, y, width, height) in zip(ink, boxes, strict=True)
    )
    high, wide = max(len(left), len(right)), left.shape[1] + right.shape[1] - 8
    joined = np.zeros((high, wide), np.uint8)
    for part, start in ((left, 0), (right, wide - right.shape[1])):
        top = (high - len(part)) // 2
        spot = joined[top : top + len(part), start : start + part.shape[1]]
        np.maximum(spot, part, out=spot)
    paper = cv2.copyMakeBorder(joined, 40, 40, 40, 40, cv2.BORDER_CONSTANT)
    assert cv2.connectedComponents(cv2.compare(paper, 60, cv2.CMP_GT))[0] == 2
    return cv2.imencode(".png", 255 - paper)[1].tobytes()


def test_digits_that_touch_are_several(stub: Stub, touching: bytes) -> None:
    """A single piece of ink that is no digit is counted, however it is asked about."""
    image = pb.Image(encoded=touching)
    alone = stub.Predict(pb.PredictRequest(image=image)).prediction
    batch = stub.PredictBatch(pb.PredictBatchRequest(images=[image])).results[0].prediction
    compared = stub.CompareModels(pb.CompareModelsRequest(image=image)).results
    in_process = Recognizer.load().predict(touching)

    assert in_process.digit_count == 1
    for answer in (alone, batch, *(each.prediction for each in compared)):
        assert not answer.accepted
        assert answer.reason == pb.REJECTION_REASON_SEVERAL_DIGITS
        assert answer.digit_count == 2


def test_comparison(stub: Stub, digit_png: bytes) -> None:
    """MLP and CNN see the same 28x28 and agree on a plain seven."""
    answer = stub.CompareModels(pb.CompareModelsRequest(image=pb.Image(encoded=digit_png)))
    mlp, cnn = (result.prediction for result in answer.results)

    assert (mlp.model, cnn.model) == ("mlp", "cnn")
    assert (mlp.digit, cnn.digit, answer.agree) == (7, 7, True)
    assert mlp.normalized == cnn.normalized
    assert mlp.probabilities != cnn.probabilities


def test_list_models(stub: Stub) -> None:
    """The published bundles are listed with the figures that they were published with."""
    answer = stub.ListModels(pb.ListModelsRequest())
    listed = {model.name: model for model in answer.models}

    for name in ("mlp", "cnn"):
        manifest = Recognizer.load(name).manifest
        assert listed[name].ready
        assert listed[name].digest == manifest.digest
        assert listed[name].version == str(manifest.version)
        assert dict(listed[name].metrics) == manifest.metrics
    assert listed[answer.default_model].ready


class Process:
    """What Linux tells of the server's process."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    def status(self, key: str) -> int:
        """A number of /proc/PID/status."""
        lines = (self._folder / "status").read_text().splitlines()
        [value] = [line.split()[1] for line in lines if line.startswith(f"{key}:")]
        return int(value)

    @property
    def resident_mib(self) -> float:
        return self.status("VmRSS") / 1024

    @property
    def descriptors(self) -> int:
        return len(list((self._folder / "fd").iterdir()))

    @property
    def libraries(self) -> str:
        return (self._folder / "maps").read_text()


def test_memory(launch_server, digit_png: bytes) -> None:
    """After 1,000 requests the process holds at most 150 MiB, and never loaded TensorFlow.

    A server of its own: what others ask of the shared one, photos of 12 megapixels too, counts.
    """
    server = launch_server()
    server.wait_for("serving")
    with grpc.insecure_channel(server.address) as channel:
        _ask_1000(digits_pb2_grpc.DigitServiceStub(channel), digit_png)
    process = Process(server.process.pid)

    assert process.resident_mib < 150
    assert "tensorflow" not in process.libraries


def _ask_1000(stub: Stub, digit_png: bytes) -> None:
    seen = stub.Predict(
        pb.PredictRequest(image=pb.Image(encoded=digit_png), include_normalized=True)
    ).prediction.normalized
    for image in (pb.Image(encoded=digit_png), pb.Image(pixels=seen)):
        for model in ("mlp", "cnn"):
            for _ in range(250):
                stub.Predict(pb.PredictRequest(image=image, model=model))


def test_faults_leave_nothing_behind(launch_server, digit_png: bytes, heavy_png: bytes) -> None:
    """After a storm of bad, heavy and cancelled calls, memory, threads and descriptors are back."""
    server = launch_server()
    server.wait_for("serving")
    process = Process(server.process.pid)
    channel = grpc.insecure_channel(server.address)
    stub = Stub(channel)
    heavy = pb.PredictRequest(image=pb.Image(encoded=heavy_png))
    bad = [
        pb.PredictRequest(image=pb.Image(encoded=data))
        for data in (b"", b"text", digit_png[:-20], digit_png[:40])
    ]

    def storm() -> list[grpc.StatusCode]:
        cancelled = stub.Predict.future(heavy)
        codes = [stub.Predict.future(request).code() for request in bad * 10]
        cancelled.cancel()
        stub.Predict(heavy)
        return codes

    storm()
    before = (process.resident_mib, process.status("Threads"), process.descriptors)
    codes = storm()
    answer = stub.Predict(pb.PredictRequest(image=pb.Image(encoded=digit_png))).prediction
    # The cancelled call's picture may be half decoded still, and holds its memory until it is done.
    end = time.monotonic() + PATIENCE_S
    while process.resident_mib >= before[0] + 20 and time.monotonic() < end:
        time.sleep(0.05)
    after = (process.resident_mib, process.status("Threads"), process.descriptors)
    channel.close()

    assert set(codes) == {grpc.StatusCode.INVALID_ARGUMENT}
    assert answer.digit == 7
    assert after[0] < before[0] + 20
    assert after[1] <= before[1] + 1
    assert after[2] <= before[2] + 2
    assert server.stop() == 0
