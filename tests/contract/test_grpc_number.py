"""ReadNumber: what it answers, what it refuses, and what else a server with a reader says."""

from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
from digits.v1 import digits_pb2 as pb
from digits.v1 import digits_pb2_grpc
from digits_core import Reader
from digits_core.reading import MOST_CHARACTERS
from google.rpc.error_details_pb2 import BadRequest

from tests.details import detail, reason
from tests.readers import bars, png, write_reader

Stub = digits_pb2_grpc.DigitServiceStub

INVALID = grpc.StatusCode.INVALID_ARGUMENT
PLACES = (40, 30), (90, 30), (140, 30)


@pytest.fixture(scope="module")
def stub(launch_server, reading_models: Path) -> Iterator[Stub]:
    """A server with a reader that takes every solid bar for a 7."""
    server = launch_server(DIGITS_MODELS_DIR=reading_models)
    server.wait_for("serving")
    with grpc.insecure_channel(server.address) as channel:
        yield Stub(channel)
    assert server.stop() == 0


@pytest.fixture(scope="module")
def stub_without_reader(launch_server, reading_models: Path, tmp_path_factory) -> Iterator[Stub]:
    """A server whose reader has the wrong digest."""
    folder = tmp_path_factory.mktemp("models") / "broken"
    folder.mkdir()
    for name in ("cnn", "mlp", "default", "reader"):
        (folder / name).symlink_to(reading_models / name)
    (folder / "reader").unlink()
    bundle = write_reader(folder)
    (bundle / "model.onnx").write_bytes(b"not a model")
    server = launch_server(DIGITS_MODELS_DIR=folder)
    server.wait_for("serving")
    with grpc.insecure_channel(server.address) as channel:
        yield Stub(channel)


def request(
    content: bytes | None = None, least: int = 0, most: int = 0, image: pb.Image | None = None
) -> pb.ReadNumberRequest:
    """A request for three bars, or for other pictures."""
    image = image or pb.Image(encoded=content or png(bars(*PLACES)))
    return pb.ReadNumberRequest(image=image, min_digits=least, max_digits=most)


def test_read_is_the_reader(stub: Stub, reading_models: Path) -> None:
    """The server says what the reader says in process, to the bit."""
    number = stub.ReadNumber(request()).number
    wanted = Reader.load(reading_models).read(bars(*PLACES))

    assert (number.text, number.confidence) == (wanted.text, wanted.confidence)
    assert number.text == "777"
    assert number.reason == pb.REJECTION_REASON_UNSPECIFIED
    for digit, other in zip(number.digits, wanted.digits, strict=True):
        assert (digit.digit, digit.confidence) == (other.digit, other.confidence)
        assert (digit.accepted, digit.row) == (other.accepted, other.row)
        box = other.box
        assert (digit.box.x, digit.box.y) == (box.x, box.y)
        assert (digit.box.width, digit.box.height) == (box.width, box.height)


def test_every_source_is_read(stub: Stub) -> None:
    """A file, raw pixels and the 784 values alike."""
    picture = bars(*PLACES)
    height, width = picture.shape
    raw = pb.RawImage(width=width, height=height, channels=1, data=picture.tobytes())
    small = np.zeros((28, 28), np.uint8)
    small[2:26, 8:20] = 255

    assert stub.ReadNumber(request(image=pb.Image(raw=raw))).number.text == "777"
    assert stub.ReadNumber(request(image=pb.Image(pixels=small.tobytes()))).number.text == "7"


def test_hints_are_kept(stub: Stub) -> None:
    """At most as many digits as the request says."""
    number = stub.ReadNumber(request(most=2)).number

    assert sum(digit.HasField("digit") for digit in number.digits) == 2


def test_blank_paper(stub: Stub) -> None:
    """No ink is answered, not refused."""
    number = stub.ReadNumber(request(png(np.full((60, 90), 240, np.uint8)))).number

    assert (number.text, number.reason) == ("", pb.REJECTION_REASON_BLANK)


@pytest.mark.parametrize(
    ("wrong", "wanted", "field"),
    [
        pytest.param(request(least=-1), "BAD_HINT", "min_digits", id="negative"),
        pytest.param(request(least=3, most=2), "BAD_HINT", "max_digits", id="least-over-most"),
        pytest.param(
            request(most=MOST_CHARACTERS + 1), "BAD_HINT", "max_digits", id="most-too-large"
        ),
        pytest.param(request(b"text"), "UNSUPPORTED_FORMAT", "image.encoded", id="text"),
        pytest.param(request(image=pb.Image()), "IMAGE_MISSING", "image", id="no-image"),
        pytest.param(
            request(png(bars(*((x, y) for x in range(0, 2400, 40) for y in range(0, 1400, 70)),
                             shape=(1400, 2400)))),
            "TOO_MANY_CHARACTERS",
            "image.encoded",
            id="1200-characters",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(stub: Stub, wrong: pb.ReadNumberRequest, wanted: str, field: str) -> None:
    """Bad bounds and bad pictures name the field; the next call is answered."""
    with pytest.raises(grpc.RpcError) as caught:
        stub.ReadNumber(wrong)

    assert caught.value.code() is INVALID
    assert reason(caught.value) == wanted
    (violation,) = detail(caught.value, BadRequest).field_violations
    assert violation.field == field
    assert stub.ReadNumber(request()).number.text == "777"


Ask = Callable[[Stub], object]
IMAGE = pb.Image(encoded=png(bars(*PLACES)))


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(
            lambda stub: stub.Predict(pb.PredictRequest(image=IMAGE, model="reader")), id="predict"
        ),
        pytest.param(
            lambda stub: stub.PredictBatch(pb.PredictBatchRequest(images=[IMAGE], model="reader")),
            id="batch",
        ),
    ],
)
def test_the_reader_recognises_no_single_digit(stub: Stub, ask: Ask) -> None:
    """Asked for one digit it is no model, and the error says what to call."""
    with pytest.raises(grpc.RpcError, match="call ReadNumber") as caught:
        ask(stub)

    assert reason(caught.value) == "MODEL_NOT_FOUND"


def test_the_reader_is_listed(stub: Stub) -> None:
    """Beside the others, in the order of the names, with its digest and parameters."""
    models = stub.ListModels(pb.ListModelsRequest()).models

    assert [model.name for model in models] == ["cnn", "mlp", "reader"]
    assert models[-1].ready
    assert len(models[-1].digest) == 64
    assert models[-1].parameters == 15


def test_a_broken_reader_leaves_the_others(stub_without_reader: Stub) -> None:
    """Digits are recognised, numbers are NOT_READY, and the list says why."""
    predicted = stub_without_reader.Predict(pb.PredictRequest(image=IMAGE))
    with pytest.raises(grpc.RpcError) as caught:
        stub_without_reader.ReadNumber(request())
    listed = {m.name: m for m in stub_without_reader.ListModels(pb.ListModelsRequest()).models}

    assert predicted.prediction.model == "cnn"
    assert reason(caught.value) == "NOT_READY"
    assert not listed["reader"].ready
    assert "SHA-256" in listed["reader"].error
