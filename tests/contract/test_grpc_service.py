"""What the service answers: predictions, batches, comparisons, models, health, reflection, ids."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import grpc
import numpy as np
import pytest
from digits.v1 import digits_pb2 as pb
from digits.v1 import digits_pb2_grpc
from digits_core import Recognizer
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

Stub = digits_pb2_grpc.DigitServiceStub


@pytest.fixture(scope="module")
def tiny_server(launch_server, tiny_models: Path) -> Iterator[Any]:
    """A server with two tiny models."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models)
    server.wait_for("serving")
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def channel(tiny_server) -> Iterator[grpc.Channel]:
    """A channel to `tiny_server`."""
    with grpc.insecure_channel(tiny_server.address) as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel: grpc.Channel) -> Stub:
    """The service of `tiny_server`."""
    return Stub(channel)


def raw_of(picture: np.ndarray) -> pb.Image:
    """The picture uint8[H, W] or [H, W, C] as raw pixels."""
    height, width, channels = np.atleast_3d(picture).shape
    return pb.Image(
        raw=pb.RawImage(width=width, height=height, channels=channels, data=picture.tobytes())
    )


def test_predict_is_the_recognizer(stub: Stub, tiny_models: Path, digit_png: bytes) -> None:
    """The server says what the recogniser says in process, to the bit."""
    request = pb.PredictRequest(image=pb.Image(encoded=digit_png), include_normalized=True)
    answer = stub.Predict(request).prediction
    wanted = Recognizer.load("cnn", tiny_models).predict(digit_png)

    assert answer.digit == wanted.digit
    assert tuple(answer.probabilities) == wanted.probabilities
    assert (answer.confidence, answer.digit_score) == (wanted.confidence, wanted.digit_score)
    assert answer.accepted is wanted.accepted
    assert answer.digit_count == wanted.digit_count == 1
    assert (answer.model, answer.model_version) == ("cnn", "1")
    assert answer.normalized == wanted.normalized.tobytes()


def test_sources_agree(stub: Stub, digit_png: bytes) -> None:
    """A file, its pixels in grey, RGB and RGBA, and its 28x28 all give one answer."""
    grey = cv2.imdecode(np.frombuffer(digit_png, np.uint8), cv2.IMREAD_GRAYSCALE)
    rgb = np.dstack([grey] * 3)
    rgba = np.dstack([rgb, np.full_like(grey, 255)])
    first = stub.Predict(
        pb.PredictRequest(image=pb.Image(encoded=digit_png), include_normalized=True)
    ).prediction
    images = [*map(raw_of, (grey, rgb, rgba)), pb.Image(pixels=first.normalized)]
    results = stub.PredictBatch(pb.PredictBatchRequest(images=images)).results

    assert len(first.normalized) == 784
    for result in results:
        assert result.prediction.probabilities == first.probabilities
        assert result.prediction.normalized == b""


def test_model_by_name(stub: Stub, digit_png: bytes) -> None:
    """A request's model answers, and another one answers otherwise."""
    image = pb.Image(encoded=digit_png)
    mlp, cnn = (
        stub.Predict(pb.PredictRequest(image=image, model=name)).prediction
        for name in ("mlp", "cnn")
    )

    assert (mlp.model, cnn.model) == ("mlp", "cnn")
    assert mlp.probabilities != cnn.probabilities


@pytest.mark.parametrize("value", [0, 255, 128])
def test_blank(stub: Stub, value: int) -> None:
    """An empty sheet is answered: no digit, not accepted, BLANK."""
    image = raw_of(np.full((50, 80), value, np.uint8))
    answer = stub.Predict(pb.PredictRequest(image=image)).prediction

    assert not answer.HasField("digit")
    assert not answer.accepted
    assert answer.reason == pb.REJECTION_REASON_BLANK
    assert (answer.confidence, answer.digit_count) == (0, 0)
    assert sum(answer.probabilities) == pytest.approx(1)


@pytest.mark.parametrize("count", [0, 1, 2, 31, 32, 33, 64, 100])
def test_batch_keeps_order(stub: Stub, count: int) -> None:
    """A batch of any length, files and pixels mixed, answers as its pictures do alone."""
    pixels = np.random.default_rng(count).integers(0, 256, (count, 28, 28), np.uint8)
    images = [
        pb.Image(pixels=item.tobytes())
        if place % 3
        else pb.Image(encoded=cv2.imencode(".png", item)[1].tobytes())
        for place, item in enumerate(pixels)
    ]
    request = pb.PredictBatchRequest(images=images, model="mlp", include_normalized=True)
    results = stub.PredictBatch(request).results
    alone = [
        stub.Predict(
            pb.PredictRequest(image=image, model="mlp", include_normalized=True)
        ).prediction
        for image in images
    ]

    assert len(results) == count
    for result, wanted in zip(results, alone, strict=True):
        assert result.prediction.normalized == wanted.normalized
        assert result.prediction.probabilities == pytest.approx(wanted.probabilities, abs=1e-5)


def test_comparison(stub: Stub, digit_png: bytes) -> None:
    """A comparison shows mlp beside cnn, each as it answers alone, with what they saw."""
    image = pb.Image(encoded=digit_png)
    answer = stub.CompareModels(pb.CompareModelsRequest(image=image))
    alone = [
        stub.Predict(pb.PredictRequest(image=image, model=name, include_normalized=True)).prediction
        for name in ("mlp", "cnn")
    ]

    assert [result.model for result in answer.results] == ["mlp", "cnn"]
    assert [result.prediction for result in answer.results] == alone
    assert answer.agree is (alone[0].digit == alone[1].digit)


@pytest.mark.parametrize(
    ("image", "models", "agree"),
    [
        pytest.param(pb.Image(pixels=bytes(784)), ["mlp", "cnn"], True, id="both-blank"),
        pytest.param(pb.Image(pixels=b"\xff\x00" * 392), ["cnn", "cnn"], True, id="same-model"),
    ],
)
def test_agreement(stub: Stub, image: pb.Image, models: list[str], agree: bool) -> None:
    """Models agree on a blank sheet, and a model agrees with itself."""
    answer = stub.CompareModels(pb.CompareModelsRequest(image=image, models=models))

    assert answer.agree is agree


def test_list_models(stub: Stub, tiny_models: Path) -> None:
    """The list names each model with version, digest, parameters and published figures."""
    answer = stub.ListModels(pb.ListModelsRequest())
    manifest = Recognizer.load("mlp", tiny_models).manifest
    mlp = answer.models[1]

    assert answer.default_model == "cnn"
    assert [model.name for model in answer.models] == ["cnn", "mlp"]
    assert (mlp.version, mlp.ready, mlp.error) == ("1", True, "")
    assert mlp.digest == manifest.digest
    assert mlp.parameters == manifest.parameters
    assert dict(mlp.metrics) == manifest.metrics
    assert mlp.normalizer_version == manifest.normalizer_version


@pytest.mark.parametrize("name", ["", "digits.v1.DigitService"])
def test_health(channel: grpc.Channel, name: str) -> None:
    """Both names serve."""
    stub = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest(service=name)
    watch = stub.Watch(request)
    seen = next(watch).status
    watch.cancel()

    assert stub.Check(request).status == health_pb2.HealthCheckResponse.SERVING
    assert stub.List(health_pb2.HealthListRequest()).statuses[name] == stub.Check(request)
    assert seen == health_pb2.HealthCheckResponse.SERVING


def test_health_of_a_stranger(channel: grpc.Channel) -> None:
    """Another name is NOT_FOUND, and unknown to a watch."""
    stub = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest(service="nobody")
    watch = stub.Watch(request)
    seen = next(watch).status
    watch.cancel()
    code = stub.Check.future(request).code()

    assert code is grpc.StatusCode.NOT_FOUND
    assert seen == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


def test_reflection(channel: grpc.Channel) -> None:
    """A client without our proto finds the services and their messages."""
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="digits.v1.DigitService"),
    ]
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    listed, found = stub.ServerReflectionInfo(iter(asked))
    names = {service.name for service in listed.list_services_response.service}
    file = FileDescriptorProto.FromString(found.file_descriptor_response.file_descriptor_proto[0])

    assert {"digits.v1.DigitService", "grpc.health.v1.Health"} <= names
    assert "RawImage" in {message.name for message in file.message_type}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param("order-66/a:b@c", True, id="fit"),
        pytest.param("x" * 128, True, id="longest"),
        pytest.param("x" * 129, False, id="too-long"),
        pytest.param('"} {"', False, id="not-for-a-log"),
        pytest.param(None, False, id="none"),
    ],
)
def test_request_id(tiny_server, stub: Stub, sent: str | None, kept: bool) -> None:
    """The caller's id, or one of the server's, is in the trailer and in the call's one log line."""
    metadata = [("x-request-id", sent)] if sent else []
    _, call = stub.ListModels.with_call(pb.ListModelsRequest(), metadata=metadata)
    trailer = dict(call.trailing_metadata())["x-request-id"]
    lines = [event for event in tiny_server.events("call") if event["request_id"] == trailer]

    assert (trailer == sent) is kept
    assert trailer
    assert [(line["method"], line["code"]) for line in lines] == [("ListModels", "OK")]
    assert 0 < lines[0]["ms"] < 1000


def test_failed_call_has_its_id(tiny_server, stub: Stub) -> None:
    """A failed call tells its id too, and its log line the reason."""
    with pytest.raises(grpc.RpcError) as caught:
        stub.Predict(pb.PredictRequest(), metadata=[("x-request-id", "the-failed-one")])
    lines = [e for e in tiny_server.events("call") if e["request_id"] == "the-failed-one"]

    assert dict(caught.value.trailing_metadata())["x-request-id"] == "the-failed-one"
    assert [(line["code"], line["reason"]) for line in lines] == [
        ("INVALID_ARGUMENT", "IMAGE_MISSING")
    ]
