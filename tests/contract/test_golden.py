"""Whoever asks, and however: the same picture becomes the same 28x28, and the digit in its name."""

import base64
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from digits_client import Client
from digits_core import Recognizer
from digits_core.image import decode

from tests.gateways import running

PICTURES = sorted((Path(__file__).parents[1] / "golden" / "pictures").iterdir())
NAMES = [path.name for path in PICTURES]
DIGITS = [path for path in PICTURES if path.name[0].isdigit()]


@pytest.fixture(scope="module")
def client(server_address: str) -> Iterator[Client]:
    """A client of the server with the published models."""
    with Client(server_address) as client:
        yield client


@pytest.fixture(scope="module")
def http(server_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a gateway before that server."""
    with (
        running(tmp_path_factory.mktemp("gateway"), server_address) as gateway,
        httpx.Client(base_url=gateway.url, timeout=30) as client,
    ):
        yield client


@cache
def recognizer(model: str) -> Recognizer:
    """A published model in this process."""
    return Recognizer.load(model)


def wanted(path: Path, model: str = "cnn") -> bytes:
    """The reading of a picture that the model chooses in this process.

    The core's own test holds the first of the readings to the golden files.
    """
    return recognizer(model).predict(path).normalized.tobytes()


@pytest.mark.parametrize("path", PICTURES, ids=NAMES)
def test_over_grpc(client: Client, path: Path) -> None:
    """The server sees what the core sees, in a file as in its pixels."""
    by_file = client.predict(path, include_normalized=True)
    by_pixels = client.predict(decode(path.read_bytes()), include_normalized=True)

    assert by_file.normalized == by_pixels.normalized == wanted(path)


@pytest.mark.parametrize("path", PICTURES, ids=NAMES)
def test_over_http(http: httpx.Client, path: Path) -> None:
    """So does the gateway, for both models."""
    reply = http.post("/compare?include_normalized=true", content=path.read_bytes()).json()

    seen = [base64.b64decode(answer["normalized"]) for answer in reply["predictions"]]
    assert seen == [wanted(path, model) for model in ("mlp", "cnn")]


@pytest.mark.parametrize("model", ["cnn", "mlp"])
@pytest.mark.parametrize("path", DIGITS, ids=[path.name for path in DIGITS])
def test_every_kind_of_picture_is_read(path: Path, model: str) -> None:
    """In every format and on every paper, our own digits are right and accepted."""
    answer = recognizer(model).predict(path)

    assert answer.digit == int(path.name[0])
    assert answer.accepted
