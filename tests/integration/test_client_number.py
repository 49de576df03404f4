"""Both clients' `read_number` against a real server with a small reader."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest
from digits_client import AsyncClient, Client, DigitsError, ImageError, ServerUnavailable

from tests.readers import bars, png, write_reader

THREE = bars((40, 30), (90, 30), (140, 30))


@pytest.fixture(scope="module")
def address(launch_server, reading_models) -> Iterator[str]:
    """Where a server listens whose reader takes every solid bar for a 7."""
    server = launch_server(DIGITS_MODELS_DIR=reading_models)
    server.wait_for("serving")
    yield server.address
    assert server.stop() == 0


@pytest.fixture(params=["waiting", "asynchronous"])
def read(request, address):
    """`Client.read_number`, or `AsyncClient.read_number` on a loop of its own."""

    def waiting(picture, **options):
        with Client(address) as client:
            return client.read_number(picture, **options)

    def asynchronous(picture, **options):
        async def call():
            async with AsyncClient(address) as client:
                return await client.read_number(picture, **options)

        return asyncio.run(call())

    return {"waiting": waiting, "asynchronous": asynchronous}[request.param]


def test_a_number_from_any_source(read, tmp_path):
    """A path, a file's bytes and arrays say the same."""
    path = tmp_path / "number.png"
    path.write_bytes(png(THREE))
    numbers = [read(each) for each in (path, path.read_bytes(), THREE, np.dstack([THREE] * 3))]

    assert numbers[1:] == numbers[:-1]
    number = numbers[0]
    assert (number.text, number.reason) == ("777", None)
    assert 0.5 < number.confidence < 1
    for left, digit in zip((40, 90, 140), number.digits, strict=True):
        assert (digit.digit, digit.row, digit.accepted) == (7, 0, True)
        assert digit.box.x < left + 12 < digit.box.x + digit.box.width


def test_the_bounds_hold(read):
    """At most as many digits as asked for."""
    number = read(THREE, max_digits=2)

    assert number.text.replace(" ", "") == "77"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        pytest.param({"min_digits": -1}, "min_digits", id="negative"),
        pytest.param({"min_digits": 3, "max_digits": 2}, "max_digits", id="no number fits"),
    ],
)
def test_bad_bounds_are_not_the_picture_s_fault(read, options, field):
    """An error that names the bound, and no `ImageError`."""
    with pytest.raises(DigitsError, match=field) as caught:
        read(THREE, **options)

    assert type(caught.value) is DigitsError
    assert (caught.value.reason, caught.value.field) == ("BAD_HINT", field)


@pytest.mark.parametrize(
    ("picture", "reason", "field"),
    [
        pytest.param(b"text", "UNSUPPORTED_FORMAT", "image.encoded", id="text"),
        pytest.param(
            bars(
                *((x, y) for x in range(0, 2400, 40) for y in range(0, 1400, 70)),
                shape=(1400, 2400),
            ),
            "TOO_MANY_CHARACTERS",
            "image.raw",
            id="1200 characters",
        ),
    ],
)
def test_a_picture_at_fault_is_an_image_error(read, picture, reason, field):
    """With the reason and the source's field."""
    with pytest.raises(ImageError) as caught:
        read(picture)

    assert (caught.value.reason, caught.value.field) == (reason, field)


def test_a_server_without_a_reader_says_so(launch_server, tiny_models):
    """With the cure."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models)
    server.wait_for("serving")
    with Client(server.address) as client, pytest.raises(DigitsError) as caught:
        client.read_number(THREE)
    server.stop()

    assert type(caught.value) is DigitsError
    assert caught.value.reason == "UNIMPLEMENTED"
    assert "publish one" in str(caught.value)


def test_a_broken_reader_is_not_ready(launch_server, publish, tmp_path):
    """Single digits are answered meanwhile, and the list says what is wrong without a path."""
    publish(tmp_path, "cnn")
    (tmp_path / "default").write_text("cnn\n")
    (write_reader(tmp_path) / "model.onnx").write_bytes(b"altered")
    server = launch_server(DIGITS_MODELS_DIR=tmp_path)
    server.wait_for("serving")
    with Client(server.address) as client:
        with pytest.raises(ServerUnavailable) as caught:
            client.read_number(THREE)
        digit = client.predict(THREE)
        _, reader = client.list_models()
    server.stop()

    assert caught.value.reason == "NOT_READY"
    assert digit.model == "cnn"
    assert not reader.ready
    assert reader.error
    assert str(tmp_path) not in reader.error
