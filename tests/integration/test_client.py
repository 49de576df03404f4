import asyncio
import signal
import threading
import time

import cv2
import numpy as np
import pytest
from digits_client import AsyncClient, Client, DigitsError, ImageError, ModelNotFound


@pytest.fixture
def client(server_address):
    """A client of the server with the published models."""
    with Client(server_address) as client:
        yield client


def test_a_picture_is_read_in_every_form(client, digit_png, tmp_path):
    """Bytes, a path and arrays of the same picture give the same answer."""
    file = tmp_path / "digit.png"
    file.write_bytes(digit_png)
    grey = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    colour = np.dstack([grey] * 3)
    opaque = np.dstack([grey] * 3 + [np.full_like(grey, 255)])

    answers = [client.predict(picture) for picture in (digit_png, file, grey, colour, opaque)]

    assert answers[0].digit == 7
    assert answers[0].accepted
    assert sum(answers[0].probabilities) == pytest.approx(1)
    assert answers == [answers[0]] * 5


def test_pixels_are_not_normalised(client, digit_png):
    """The values that the model saw, sent back as pixels, are taken as they are."""
    seen = client.predict(digit_png, include_normalized=True)
    again = client.predict(pixels=seen.normalized, include_normalized=True)

    assert len(seen.normalized) == 784
    assert again.normalized == seen.normalized
    assert again.confidence == pytest.approx(seen.confidence, abs=1e-5)


def test_a_blank_sheet_is_an_answer(client):
    """No ink is no error."""
    answer = client.predict(np.full((60, 60), 255, np.uint8))

    assert (answer.digit, answer.accepted, answer.reason) == (None, False, "BLANK")


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        pytest.param(b"", "EMPTY_IMAGE", id="empty"),
        pytest.param(b"hello", "UNSUPPORTED_FORMAT", id="text"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "CORRUPT_IMAGE", id="cut short"),
        pytest.param(np.zeros((2, 9), np.uint8), "IMAGE_TOO_SMALL", id="too small"),
        pytest.param(np.zeros((4, 900), np.uint8), "BAD_ASPECT", id="strip"),
        pytest.param(
            b"\x89PNG\r\n\x1a\n" + bytes(17 * 2**20), "IMAGE_TOO_LARGE", id="too many bytes"
        ),
    ],
)
def test_a_picture_at_fault_is_an_image_error(client, picture, reason):
    """The server's reason and the field reach the caller."""
    with pytest.raises(ImageError) as caught:
        client.predict(picture)

    assert caught.value.reason == reason
    assert caught.value.field.startswith("image.")


def test_an_unknown_model_names_the_known_ones(client, digit_png):
    """Who asks for a model that is not there learns which are."""
    with pytest.raises(ModelNotFound, match="cnn"):
        client.predict(digit_png, "nine")
    with pytest.raises(ModelNotFound, match="cnn"):
        client.predict_batch([digit_png] * 100, "nine")


def test_a_batch_beyond_the_server_s_limits(client, digit_png):
    """More pictures than a message may hold come back in order, errors in their places."""
    blank = np.full((30, 30), 255, np.uint8)
    images = [digit_png, blank, b"hello"] * 400

    outcomes = client.predict_batch(images)

    assert [getattr(outcome, "digit", outcome) for outcome in outcomes[:2]] == [7, None]
    assert len(outcomes) == 1200
    for index in range(0, 1200, 3):
        seven, nothing, error = outcomes[index : index + 3]
        assert (seven.digit, nothing.reason) == (7, "BLANK")
        assert (error.reason, error.field) == ("UNSUPPORTED_FORMAT", f"images[{index + 2}].encoded")


def test_a_server_that_takes_fewer_items(launch_server, tiny_models, digit_png):
    """A batch fits the limit of a server that has another than most."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models, DIGITS_MAX_ITEMS=20)
    server.wait_for("serving")
    with Client(server.address) as client:
        outcomes = client.predict_batch([digit_png] * 300)
    server.stop()

    assert len({outcome.digit for outcome in outcomes}) == 1
    assert len(outcomes) == 300


def test_compare_models(client, digit_png):
    """Both published models answer, and show what they saw."""
    comparison = client.compare_models(digit_png)

    assert list(comparison.predictions) == ["mlp", "cnn"]
    assert {answer.digit for answer in comparison.predictions.values()} == {7}
    assert all(len(answer.normalized) == 784 for answer in comparison.predictions.values())
    assert comparison.agree


def test_list_models_and_health(client):
    """The published models are there, one of them the default."""
    models = {model.name: model for model in client.list_models()}

    assert {"cnn", "mlp"} <= set(models)
    assert [model.name for model in models.values() if model.default] == ["cnn"]
    assert len(models["cnn"].digest) == 64
    assert client.health() is True


def test_read_number(client, digit_png):
    """A single digit is a number, too: one character in its box, surer than not."""
    number = client.read_number(digit_png)

    assert number.text == "7"
    assert number.confidence > 0.5
    (digit,) = number.digits
    assert (digit.digit, digit.row) == (7, 0)
    assert min(digit.box.width, digit.box.height) > 0


def test_many_tasks_share_an_async_client(server_address, digit_png):
    """Concurrent calls do not get each other's answers."""
    blank = np.full((30, 30), 255, np.uint8)

    async def ask() -> list[int | None]:
        async with AsyncClient(server_address) as client:
            answers = await asyncio.gather(
                *(client.predict(blank if index % 3 else digit_png) for index in range(60))
            )
        return [answer.digit for answer in answers]

    assert asyncio.run(ask()) == [None if index % 3 else 7 for index in range(60)]


def test_a_patient_client_does_not_notice_a_crash(
    launch_server, tiny_models, digit_png, unused_tcp_port
):
    """A server killed in the middle of calls and started again costs no call."""
    settings = {"DIGITS_MODELS_DIR": tiny_models, "DIGITS_GRPC_PORT": unused_tcp_port}
    server = launch_server(**settings)
    server.wait_for("serving")
    digits, failures = [], []
    stop = threading.Event()

    def ask(client: Client) -> None:
        while not stop.is_set():
            try:
                digits.append(client.predict(digit_png).digit)
            except DigitsError as error:
                failures.append(error)

    with Client(server.address, wait_for_ready=True, timeout=30) as client:
        threads = [threading.Thread(target=ask, args=(client,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        _wait_for(digits, 20)
        server.stop(signal.SIGKILL)
        again = launch_server(**settings)
        again.wait_for("serving")
        _wait_for(digits, len(digits) + 20)
        stop.set()
        for thread in threads:
            thread.join()
    again.stop()

    assert failures == []
    assert len(set(digits)) == 1


def test_a_server_that_leaves_costs_no_call(launch_server, tiny_models, digit_png):
    """Of two servers one is stopped and started again under load, twice: every call is answered."""
    servers = [launch_server(DIGITS_MODELS_DIR=tiny_models) for _ in range(2)]
    for server in servers:
        server.wait_for("serving")
    ports = [server.address.rpartition(":")[2] for server in servers]
    digits, failures = [], []
    stop = threading.Event()

    def ask(client: Client) -> None:
        while not stop.is_set():
            try:
                digits.append(client.predict(digit_png).digit)
            except DigitsError as error:
                failures.append(error)

    with Client("ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)) as client:
        threads = [threading.Thread(target=ask, args=(client,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for place in (0, 1):
            for server in servers:
                server.wait_for("call")
            assert servers[place].stop() == 0
            settings = {"DIGITS_MODELS_DIR": tiny_models, "DIGITS_GRPC_PORT": ports[place]}
            servers[place] = launch_server(**settings)
            servers[place].wait_for("serving")
        servers[1].wait_for("call")
        stop.set()
        for thread in threads:
            thread.join()

    assert failures == []
    assert len(set(digits)) == 1
    assert [server.stop() for server in servers] == [0, 0]


def _wait_for(answers: list, count: int) -> None:
    end = time.monotonic() + 30
    while len(answers) < count and time.monotonic() < end:
        time.sleep(0.01)
    assert len(answers) >= count
