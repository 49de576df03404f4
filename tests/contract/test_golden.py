"""Whoever asks, and however: the same picture becomes the same 28x28, and the digit in its name."""

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from digits_client import Client
from digits_core import Recognizer, prepare
from digits_core.image import decode
from numpy.typing import NDArray

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


def wanted(path: Path) -> NDArray[np.uint8]:
    """What the core makes of a picture; its own test holds that to the golden files."""
    return prepare(path).pixels


@pytest.mark.parametrize("path", PICTURES, ids=NAMES)
def test_over_grpc(client: Client, path: Path) -> None:
    """The server sees what the core sees, in a file as in its pixels."""
    by_file = client.predict(path, include_normalized=True)
    by_pixels = client.predict(decode(path.read_bytes()), include_normalized=True)

    assert by_file.normalized == by_pixels.normalized == wanted(path).tobytes()


@pytest.mark.parametrize("path", PICTURES, ids=NAMES)
def test_over_http(http: httpx.Client, path: Path) -> None:
    """So does the gateway, for both models."""
    reply = http.post("/compare?include_normalized=true", content=path.read_bytes()).json()

    seen = [base64.b64decode(answer["normalized"]) for answer in reply["predictions"]]
    assert seen == [wanted(path).tobytes()] * 2


@pytest.mark.parametrize("model", ["cnn", "mlp"])
@pytest.mark.parametrize("path", DIGITS, ids=[path.name for path in DIGITS])
def test_every_kind_of_picture_is_read(path: Path, model: str) -> None:
    """In every format and on every paper, our own digits are right and accepted."""
    answer = Recognizer.load(model).predict(path)

    assert answer.digit == int(path.name[0])
    assert answer.accepted
