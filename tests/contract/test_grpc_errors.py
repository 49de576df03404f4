"""The error table: reason, status code, field; and a right answer afterwards."""

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from digits.v1 import digits_pb2 as pb
from digits.v1 import digits_pb2_grpc
from digits_server.status import CODES
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo

from tests.details import detail, reason

INVALID = grpc.StatusCode.INVALID_ARGUMENT
TINY_LIMITS = {
    "DIGITS_MAX_IMAGE_BYTES": 20_000,
    "DIGITS_MAX_IMAGE_PIXELS": 1_000_000,
    "DIGITS_MAX_IMAGE_SIDE": 5_000,
    "DIGITS_MAX_ITEMS": 3,
    "DIGITS_MAX_MESSAGE_BYTES": 100_000,
}

Call = Callable[[digits_pb2_grpc.DigitServiceStub], Any]


@pytest.fixture(scope="module")
def small_server(launch_server, tiny_models: Path) -> Iterator[Any]:
    """A server with limits that small requests break."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models, **TINY_LIMITS)
    server.wait_for("serving")
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def stub(small_server) -> Iterator[digits_pb2_grpc.DigitServiceStub]:
    """The service of `small_server`."""
    with grpc.insecure_channel(small_server.address) as channel:
        yield digits_pb2_grpc.DigitServiceStub(channel)


def png(width: int, height: int, data: bytes = b"\0" * 99) -> bytes:
    """A PNG that claims to be of that size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def encoded(data: bytes) -> Call:
    """Predict a file."""
    return lambda stub: stub.Predict(pb.PredictRequest(image=pb.Image(encoded=data)))


def pixels(data: bytes) -> Call:
    """Predict 784 values."""
    return lambda stub: stub.Predict(pb.PredictRequest(image=pb.Image(pixels=data)))


def raw(width: int, height: int, channels: int, size: int) -> Call:
    """Predict so many raw bytes, whatever they claim to be."""
    image = pb.RawImage(width=width, height=height, channels=channels, data=bytes(size))
    return lambda stub: stub.Predict(pb.PredictRequest(image=pb.Image(raw=image)))


def batch(count: int, model: str = "") -> Call:
    """Predict so many blank pictures."""
    images = [pb.Image(pixels=bytes(784))] * count
    return lambda stub: stub.PredictBatch(pb.PredictBatchRequest(images=images, model=model))


def compare(count: int) -> Call:
    """Compare the model with itself so many times."""
    image = pb.Image(pixels=bytes(784))
    return lambda stub: stub.CompareModels(
        pb.CompareModelsRequest(image=image, models=["cnn"] * count)
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"

ROWS = [
    pytest.param(encoded(b""), "EMPTY_IMAGE", INVALID, "image.encoded", id="empty"),
    pytest.param(encoded(png(28, 28)), "CORRUPT_IMAGE", INVALID, "image.encoded", id="corrupt"),
    pytest.param(
        lambda stub: stub.Predict(pb.PredictRequest()), "IMAGE_MISSING", INVALID, "image", id="none"
    ),
    pytest.param(
        lambda stub: stub.Predict(pb.PredictRequest(image=pb.Image())),
        "IMAGE_MISSING",
        INVALID,
        "image",
        id="no-source",
    ),
    pytest.param(pixels(bytes(783)), "WRONG_SIZE", INVALID, "image.pixels", id="783-pixels"),
    pytest.param(pixels(b""), "WRONG_SIZE", INVALID, "image.pixels", id="no-pixels"),
    pytest.param(raw(8, 8, 1, 63), "WRONG_SIZE", INVALID, "image.raw", id="raw-short"),
    pytest.param(raw(8, 8, 2, 128), "WRONG_SIZE", INVALID, "image.raw", id="raw-2-channels"),
    pytest.param(raw(-8, -8, 1, 64), "WRONG_SIZE", INVALID, "image.raw", id="raw-negative"),
    pytest.param(raw(0, 0, 1, 0), "WRONG_SIZE", INVALID, "image.raw", id="raw-zero"),
    pytest.param(encoded(SVG), "UNSUPPORTED_FORMAT", INVALID, "image.encoded", id="svg"),
    pytest.param(encoded(HEIC), "UNSUPPORTED_FORMAT", INVALID, "image.encoded", id="heic"),
    pytest.param(encoded(b"text"), "UNSUPPORTED_FORMAT", INVALID, "image.encoded", id="text"),
    pytest.param(raw(3, 9, 1, 27), "IMAGE_TOO_SMALL", INVALID, "image.raw", id="3-pixels"),
    pytest.param(encoded(png(1, 1)), "IMAGE_TOO_SMALL", INVALID, "image.encoded", id="1x1"),
    pytest.param(encoded(png(4, 204)), "BAD_ASPECT", INVALID, "image.encoded", id="strip"),
    pytest.param(
        encoded(png(99, 99, b"\0" * 20_000)),
        "IMAGE_TOO_LARGE",
        INVALID,
        "image.encoded",
        id="20-kB",
    ),
    pytest.param(
        encoded(png(1001, 1000)), "TOO_MANY_PIXELS", INVALID, "image.encoded", id="a-megapixel"
    ),
    pytest.param(
        encoded(png(5001, 150)), "TOO_MANY_PIXELS", INVALID, "image.encoded", id="long-side"
    ),
    pytest.param(
        encoded(png(2**31 - 1, 2**31 - 1)),
        "TOO_MANY_PIXELS",
        INVALID,
        "image.encoded",
        id="2**62-pixels",
    ),
    pytest.param(batch(4), "TOO_MANY_ITEMS", INVALID, "images", id="4-images"),
    pytest.param(compare(4), "TOO_MANY_ITEMS", INVALID, "models", id="4-models"),
    pytest.param(
        lambda stub: stub.Predict(
            pb.PredictRequest(image=pb.Image(pixels=bytes(784)), model="nobody")
        ),
        "MODEL_NOT_FOUND",
        grpc.StatusCode.NOT_FOUND,
        "model",
        id="no-model",
    ),
    pytest.param(
        batch(1, "nobody"), "MODEL_NOT_FOUND", grpc.StatusCode.NOT_FOUND, "model", id="batch"
    ),
    pytest.param(
        lambda stub: stub.ReadNumber(pb.ReadNumberRequest()),
        "UNIMPLEMENTED",
        grpc.StatusCode.UNIMPLEMENTED,
        "",
        id="read-number",
    ),
]


@pytest.mark.parametrize(("call", "wanted", "code", "field"), ROWS)
def test_error_row(
    *,
    stub: digits_pb2_grpc.DigitServiceStub,
    digit_png: bytes,
    call: Call,
    wanted: str,
    code: grpc.StatusCode,
    field: str,
) -> None:
    """Fails with the table's code, reason and field, tells no path, and answers the next call."""
    with pytest.raises(grpc.RpcError) as caught:
        call(stub)
    error = caught.value
    info = detail(error, ErrorInfo)
    request = detail(error, BadRequest)
    after = stub.Predict(pb.PredictRequest(image=pb.Image(encoded=digit_png)))

    assert error.code() is code
    assert (info.reason, info.domain) == (wanted, "digits")
    assert (
        [violation.field for violation in request.field_violations] == [field]
        if field
        else (request is None)
    )
    assert "/" not in error.details()
    assert after.prediction.HasField("digit")


def test_every_reason_has_a_row() -> None:
    """No reason of the table is left untested, here or in the tests named beside it."""
    elsewhere = {
        "OVERLOADED",  # test_grpc_load.py
        "DEADLINE",  # test_grpc_load.py
        "SHUTTING_DOWN",  # tests/unit/server/test_admission.py: a short race on the wire
        "NOT_READY",  # test_grpc_lifecycle.py
        "BAD_HINT",  # test_grpc_number.py
        "TOO_MANY_CHARACTERS",  # test_grpc_number.py
    }

    assert {row.values[1] for row in ROWS} | elsewhere == set(CODES)


def test_batch_item_fails_alone(stub: digits_pb2_grpc.DigitServiceStub, digit_png: bytes) -> None:
    """A bad picture gives an error in its place; the others are answered in order."""
    images = [pb.Image(encoded=digit_png), pb.Image(encoded=SVG), pb.Image()]
    results = stub.PredictBatch(pb.PredictBatchRequest(images=images)).results
    alone = stub.Predict(pb.PredictRequest(image=images[0])).prediction

    assert [result.WhichOneof("outcome") for result in results] == ["prediction", "error", "error"]
    assert results[0].prediction == alone
    assert [(result.error.reason, result.error.field) for result in results[1:]] == [
        ("UNSUPPORTED_FORMAT", "images[1].encoded"),
        ("IMAGE_MISSING", "images[2]"),
    ]


def test_comparison_model_fails_alone(
    stub: digits_pb2_grpc.DigitServiceStub, digit_png: bytes
) -> None:
    """An unknown model gives an error in its place, and the models do not agree then."""
    request = pb.CompareModelsRequest(
        image=pb.Image(encoded=digit_png), models=["cnn", "nobody", "cnn"]
    )
    answer = stub.CompareModels(request)
    kinds = [result.WhichOneof("outcome") for result in answer.results]
    error = answer.results[1].error

    assert kinds == ["prediction", "error", "prediction"]
    assert (error.reason, error.field) == ("MODEL_NOT_FOUND", "models[1]")
    assert not answer.agree


def test_message_beyond_the_limit(stub: digits_pb2_grpc.DigitServiceStub) -> None:
    """A message over the limit is refused before it is read, with RESOURCE_EXHAUSTED."""
    with pytest.raises(grpc.RpcError) as caught:
        encoded(bytes(100_001))(stub)

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_compression_bomb(small_server) -> None:
    """What is small on the wire and large unpacked is refused like any large message."""
    with (
        grpc.insecure_channel(small_server.address, compression=grpc.Compression.Gzip) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        encoded(bytes(20_000_000))(digits_pb2_grpc.DigitServiceStub(channel))

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    ("method", "code"),
    [
        pytest.param("Predict", grpc.StatusCode.INTERNAL, id="not-protobuf"),
        pytest.param("Nothing", grpc.StatusCode.UNIMPLEMENTED, id="no-method"),
    ],
)
def test_malformed_call(small_server, method: str, code: grpc.StatusCode) -> None:
    """Bytes that are no message, or a method that is none, fail without a word of Python's."""
    with grpc.insecure_channel(small_server.address) as channel:
        call = channel.unary_unary(f"/digits.v1.DigitService/{method}")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"\xff\xff\xff")

    assert caught.value.code() is code
    assert "rror" not in caught.value.details()


def test_large_metadata(stub: digits_pb2_grpc.DigitServiceStub) -> None:
    """20 kB of metadata are refused."""
    with pytest.raises(grpc.RpcError) as caught:
        stub.ListModels(pb.ListModelsRequest(), metadata=[("note", "x" * 20_000)])

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_unknown_field_is_ignored(small_server, digit_png: bytes) -> None:
    """A request of a later contract is answered."""
    request = pb.PredictRequest(image=pb.Image(encoded=digit_png)).SerializeToString()
    with grpc.insecure_channel(small_server.address) as channel:
        call = channel.unary_unary(
            "/digits.v1.DigitService/Predict", response_deserializer=pb.PredictResponse.FromString
        )
        answer = call(request + bytes([15 << 3, 1]))

    assert answer.prediction.model == "cnn"


def test_broken_model(launch_server, publish, tmp_path: Path, digit_png: bytes) -> None:
    """NaN is INTERNAL with a fixed text, never a digit, and the next call is answered."""
    publish(tmp_path, "cnn", breaks=True)
    (tmp_path / "default").write_text("cnn")
    server = launch_server(DIGITS_MODELS_DIR=tmp_path)
    server.wait_for("serving")
    with grpc.insecure_channel(server.address) as channel:
        stub = digits_pb2_grpc.DigitServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            pixels(b"\xff" * 784)(stub)
        after = encoded(digit_png)(stub)
    failed = [event for event in server.events("call") if event["code"] == "INTERNAL"]

    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert reason(caught.value) == "INTERNAL"
    assert "number" not in caught.value.details()
    assert len(failed) == 1
    assert "no numbers" in failed[0]["exception"]
    assert failed[0]["request_id"] in dict(caught.value.trailing_metadata())["x-request-id"]
    assert after.prediction.HasField("digit")
    assert server.stop() == 0
