"""Both clients against one fake server: whatever holds for one holds for the other."""

import asyncio
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import digits_client
import grpc
import numpy as np
import pytest
from digits_client import (
    AsyncClient,
    Box,
    Client,
    DeadlineExceeded,
    DigitsError,
    ImageError,
    ModelNotFound,
    Overloaded,
    Prediction,
    ServerUnavailable,
)
from digits_client.channel import options


@pytest.fixture
def client(connect, address) -> Iterator[Client]:
    """Either client, connected to the fake."""
    with connect(address) as client:
        yield client


def test_the_public_surface():
    """The package offers these names and no others."""
    assert set(digits_client.__all__) == {
        *("Client", "AsyncClient"),
        *("Prediction", "Comparison", "Number", "NumberDigit", "Alternative", "Box", "Model"),
        *("DigitsError", "ImageError", "ModelNotFound", "ServerUnavailable"),
        *("DeadlineExceeded", "Overloaded"),
    }
    assert all(hasattr(digits_client, name) for name in digits_client.__all__)


def test_predict_returns_what_the_server_says(client):
    """Every field of the answer arrives."""
    assert client.predict(b"8") == Prediction(
        digit=6,
        confidence=0.9,
        probabilities=(0, 0, 0, 0, 0, 0, 1, 0, 0, 0),
        digit_score=0.9,
        accepted=True,
        reason=None,
        model="cnn",
        model_version="3",
        normalized=None,
        digit_count=1,
    )


def test_a_refused_answer_has_a_reason(client):
    """The reason has no prefix."""
    prediction = client.predict(bytes([1]))

    assert (prediction.accepted, prediction.reason) == (False, "UNSURE")


def test_predict_passes_its_arguments_on(client, fake):
    """Model, the wish for the normalised picture and metadata travel."""
    prediction = client.predict(
        b"8", "mlp", include_normalized=True, metadata=[("x-request-id", "r1")]
    )

    assert prediction.normalized == bytes(784)
    assert prediction.model == "mlp"
    assert fake.metadata[0]["x-request-id"] == "r1"
    assert fake.metadata[0]["user-agent"].startswith("digits-client/")


def test_predict_takes_a_path(client, tmp_path, fake):
    """A path's content is sent."""
    file = tmp_path / "digit.png"
    file.write_bytes(b"3")
    client.predict(file)

    assert fake.requests[0].image.encoded == b"3"


def test_predict_takes_pixels(client, fake):
    """Pixels are sent as such."""
    client.predict(pixels=np.full((28, 28), 7, np.uint8))

    assert fake.requests[0].image.pixels == bytes([7]) * 784


@pytest.mark.parametrize("arguments", [{}, {"image": b"8", "pixels": bytes(784)}])
def test_predict_wants_one_picture(client, arguments):
    """No picture, or two, is the program's mistake."""
    with pytest.raises(TypeError, match="one picture"):
        client.predict(**arguments)


def test_compare_models(client):
    """The answers stand by the models' names, in the order asked for."""
    comparison = client.compare_models(b"8")

    assert list(comparison.predictions) == ["mlp", "cnn"]
    assert [p.digit for p in comparison.predictions.values()] == [6, 6]
    assert comparison.predictions["mlp"].normalized == bytes(784)
    assert comparison.agree


def test_compare_models_keeps_an_error_in_its_place(client):
    """A missing model's error does not hide the other's answer."""
    comparison = client.compare_models(b"8", ["nine", "cnn"])

    error, prediction = comparison.predictions.values()
    assert isinstance(error, ModelNotFound)
    assert (error.reason, error.field) == ("MODEL_NOT_FOUND", "models[0]")
    assert prediction.model == "cnn"
    assert not comparison.agree


def test_read_number(client, fake):
    """Text, digits and boxes arrive; the bounds are sent."""
    number = client.read_number(b"8", min_digits=1, max_digits=6)

    assert (number.text, number.confidence, number.reason) == ("6", 0.8, None)
    assert number.digits[0].box == Box(1, 2, 3, 4)
    assert number.digits[0].alternatives[0].digit == 9
    assert (fake.requests[0].min_digits, fake.requests[0].max_digits) == (1, 6)


def test_list_models(client):
    """Each model says whether it is ready, and one is the default."""
    cnn, mlp = client.list_models()

    assert (cnn.name, cnn.ready, cnn.default, cnn.error) == ("cnn", True, True, None)
    assert cnn.metrics == {"acc": 0.5}
    assert (mlp.name, mlp.ready, mlp.default) == ("mlp", False, False)
    assert mlp.error == "the file is altered"


@pytest.mark.parametrize("serving", [True, False])
def test_health(client, fake, serving):
    """The standard health service's word is passed on."""
    fake.serving = serving

    assert client.health() is serving


STATUS = grpc.StatusCode


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (STATUS.INVALID_ARGUMENT, "CORRUPT_IMAGE", ImageError),
        (STATUS.INVALID_ARGUMENT, "EMPTY_IMAGE", ImageError),
        (STATUS.INVALID_ARGUMENT, "IMAGE_MISSING", ImageError),
        (STATUS.INVALID_ARGUMENT, "WRONG_SIZE", ImageError),
        (STATUS.INVALID_ARGUMENT, "UNSUPPORTED_FORMAT", ImageError),
        (STATUS.INVALID_ARGUMENT, "IMAGE_TOO_SMALL", ImageError),
        (STATUS.INVALID_ARGUMENT, "BAD_ASPECT", ImageError),
        (STATUS.INVALID_ARGUMENT, "IMAGE_TOO_LARGE", ImageError),
        (STATUS.INVALID_ARGUMENT, "TOO_MANY_PIXELS", ImageError),
        (STATUS.INVALID_ARGUMENT, "TOO_MANY_CHARACTERS", ImageError),
        (STATUS.INVALID_ARGUMENT, "BAD_HINT", DigitsError),
        (STATUS.INVALID_ARGUMENT, "TOO_MANY_ITEMS", DigitsError),
        (STATUS.NOT_FOUND, "MODEL_NOT_FOUND", ModelNotFound),
        (STATUS.RESOURCE_EXHAUSTED, "OVERLOADED", Overloaded),
        (STATUS.DEADLINE_EXCEEDED, "DEADLINE", DeadlineExceeded),
        (STATUS.INTERNAL, "INTERNAL", DigitsError),
        (STATUS.INVALID_ARGUMENT, "FROM_A_NEWER_SERVER", DigitsError),
    ],
)
def test_the_server_s_reason_decides_the_error(client, fake, code, reason, kind):
    """A status with details becomes the error of its reason, its text and field kept."""
    fake.fail(code, reason, "what went wrong", "image.encoded")

    with pytest.raises(DigitsError, match=r"^what went wrong$") as caught:
        client.predict(b"8")

    assert type(caught.value) is kind
    assert (caught.value.reason, caught.value.field) == (reason, "image.encoded")


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (STATUS.RESOURCE_EXHAUSTED, Overloaded, "OVERLOADED"),
        (STATUS.DEADLINE_EXCEEDED, DeadlineExceeded, "DEADLINE"),
        (STATUS.UNIMPLEMENTED, DigitsError, "UNIMPLEMENTED"),
        (STATUS.UNKNOWN, DigitsError, "INTERNAL"),
    ],
)
def test_without_details_the_code_decides(client, fake, code, kind, reason):
    """A status that something on the way made is translated by its code."""
    fake.failures.append(code)

    with pytest.raises(DigitsError) as caught:
        client.predict(b"8")

    assert type(caught.value) is kind
    assert (caught.value.reason, caught.value.field) == (reason, None)


def test_unavailable_is_tried_again(client, fake):
    """A server that fails twice with UNAVAILABLE is not noticed."""
    fake.failures.extend([STATUS.UNAVAILABLE, STATUS.UNAVAILABLE])

    assert client.predict(b"8").digit == 6
    assert len(fake.requests) == 3


def test_a_large_message_is_tried_again(client, fake):
    """Retries hold for messages far beyond gRPC's default buffer of 256 KiB."""
    fake.failures.append(STATUS.UNAVAILABLE)

    assert client.predict(b"8" + bytes(3 * 2**20)).digit == 6
    assert len(fake.requests) == 2


@pytest.mark.parametrize("code", [STATUS.INTERNAL, STATUS.RESOURCE_EXHAUSTED, STATUS.UNKNOWN])
def test_nothing_else_is_tried_again(client, fake, code):
    """Only UNAVAILABLE is safe to repeat at once."""
    fake.failures.extend([code] * 2)

    with pytest.raises(DigitsError):
        client.predict(b"8")

    assert len(fake.requests) == 1


def test_a_server_that_stays_unavailable_says_why(client, fake):
    """After the last try, the server's own reason is the error's."""
    for _ in range(5):
        fake.fail(STATUS.UNAVAILABLE, "SHUTTING_DOWN", "the server is stopping")

    with pytest.raises(ServerUnavailable, match="stopping") as caught:
        client.predict(b"8")

    assert caught.value.reason == "SHUTTING_DOWN"


def test_no_server_is_an_error_within_seconds(connect, unused_tcp_port):
    """Nobody at the address: the error names it and the command that starts one."""
    start = time.monotonic()
    with (
        connect(f"127.0.0.1:{unused_tcp_port}") as client,
        pytest.raises(ServerUnavailable, match=rf"127.0.0.1:{unused_tcp_port}.*make up") as caught,
    ):
        client.predict(b"8")

    assert caught.value.reason == "UNAVAILABLE"
    assert time.monotonic() - start < 5


def test_a_gateway_s_port_is_told_apart(connect):
    """What answers in HTTP is no digits server: the error names the port that is."""
    gateway = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    with (
        connect(f"127.0.0.1:{gateway.server_port}") as client,
        pytest.raises(ServerUnavailable, match="not the gateway's"),
    ):
        client.predict(b"8")
    gateway.shutdown()
    gateway.server_close()


def test_a_deadline_ends_a_call(client, fake):
    """A slow answer ends as DeadlineExceeded after the call's own timeout."""
    fake.delay = 1
    start = time.monotonic()

    with pytest.raises(DeadlineExceeded, match=r"0\.2 s") as caught:
        client.predict(b"8", timeout=0.2)

    assert caught.value.reason == "DEADLINE"
    assert time.monotonic() - start < 0.9


def test_the_client_s_timeout_is_the_default(connect, address, fake):
    """A call without a timeout has the client's."""
    fake.delay = 1

    with connect(address, timeout=0.2) as client, pytest.raises(DeadlineExceeded, match=r"0\.2 s"):
        client.predict_batch([b"8"])


def test_a_patient_client_waits_for_the_server(connect, unused_tcp_port):
    """With wait_for_ready, an absent server is waited for up to the timeout, not refused."""
    address = f"127.0.0.1:{unused_tcp_port}"
    start = time.monotonic()

    with connect(address, wait_for_ready=True) as client, pytest.raises(DeadlineExceeded):
        client.predict(b"8", timeout=1.5)

    assert 1.4 < time.monotonic() - start < 5


@pytest.mark.parametrize("address", ["localhost", "http://localhost:50051", ""])
def test_an_address_without_a_port_is_refused(connect, address):
    """A mistyped address is told at once, not after a search for the host."""
    with pytest.raises(ValueError, match="host:port"):
        connect(address)


def test_a_proxy_is_bypassed_for_loopback(connect, address, monkeypatch, unused_tcp_port):
    """A proxy in the environment does not come between a client and its own machine."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_tcp_port}")
    monkeypatch.setenv("grpc_proxy", f"http://127.0.0.1:{unused_tcp_port}")

    with connect(address) as client:
        assert client.predict(b"8").digit == 6


def test_calls_go_round_the_servers(connect, both_addresses, fake, second):
    """Two servers behind one address share the calls, and one that fails is passed over."""
    with connect(both_addresses, wait_for_ready=True) as client:
        for _ in range(200):  # until both are connected
            client.predict(b"8")
            if fake.requests and second.requests:
                break
        fake.requests.clear()
        second.requests.clear()
        for _ in range(10):
            client.predict(b"8")
        shares = len(fake.requests), len(second.requests)
        second.failures.extend([STATUS.UNAVAILABLE] * 3)
        digits = [client.predict(b"8").digit for _ in range(10)]

    assert shares == (5, 5)
    assert digits == [6] * 10
    assert not second.failures


def test_a_server_that_drains_gets_no_calls(connect, both_addresses, fake, second):
    """A server that still answers, but says that it is not healthy, is left in peace."""
    second.serving = False
    with connect(both_addresses, wait_for_ready=True) as client:
        for _ in range(50):
            client.predict(b"8")

    assert len(fake.requests) == 50
    assert second.requests == []


def test_a_server_that_starts_is_no_missing_server(client, fake):
    """A server that is not healthy yet is told apart from one that is not there."""
    fake.serving = False

    with pytest.raises(ServerUnavailable, match="starting or stopping") as caught:
        client.predict(b"8")

    assert caught.value.reason == "NOT_READY"


def test_a_patient_client_waits_until_the_server_is_healthy(connect, address, fake):
    """What loads its models is waited for as what is not there yet."""
    fake.serving = False
    healthy = threading.Timer(1, setattr, (fake, "serving", True))
    healthy.start()

    with connect(address, wait_for_ready=True) as client:
        assert client.predict(b"8").digit == 6
    healthy.join()


@pytest.mark.parametrize(
    ("address", "bypassed"),
    [
        ("localhost:1", True),
        ("127.0.0.9:1", True),
        ("[::1]:1", True),
        ("dns:///localhost:1", True),
        ("dns:localhost:1", True),
        ("ipv4:127.0.0.1:1,127.0.0.1:2", True),
        ("ipv4:127.0.0.1:1,10.0.0.1:2", False),
        ("unix:/tmp/socket", True),
        ("unix-abstract:socket", True),
        ("10.0.0.1:1", False),
        ("digits.example:1", False),
        ("localhost.example:1", False),
    ],
)
def test_which_addresses_need_no_proxy(address, bypassed):
    """Only addresses of this machine are reached without the environment's proxy."""
    assert dict(options(address, patient=False))["grpc.enable_http_proxy"] == int(not bypassed)


def test_a_cancelled_task_cancels_its_call(address, fake):
    """A task that is cancelled ends at once, although the server has not answered."""
    fake.delay = 1

    async def cancel() -> float:
        async with AsyncClient(address) as client:
            task = asyncio.create_task(client.predict(b"8"))
            await asyncio.sleep(0.2)
            start = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.monotonic() - start

    assert asyncio.run(cancel()) < 0.5


def test_an_async_client_is_made_outside_a_loop(address):
    """The channel belongs to the loop of the first call, not to the constructor's."""
    client = AsyncClient(address)

    async def ask() -> int | None:
        async with client:
            return (await client.predict(b"8")).digit

    assert asyncio.run(ask()) == 6
