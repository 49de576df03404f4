"""Numbers over HTTP: a real gateway before a real server with a small reader."""

from collections.abc import Iterator

import httpx
import numpy as np
import pytest

from tests.gateways import running
from tests.readers import bars, png


@pytest.fixture(scope="module")
def http(launch_server, reading_models, tmp_path_factory) -> Iterator[httpx.Client]:
    """A client of a gateway whose reader takes every solid bar for a 7."""
    server = launch_server(DIGITS_MODELS_DIR=reading_models)
    server.wait_for("serving")
    with (
        running(tmp_path_factory.mktemp("gateway"), server.address) as gateway,
        httpx.Client(base_url=gateway.url, timeout=30) as client,
    ):
        yield client


def test_a_number_is_read(http):
    """As a form's field and as the raw body: each bar a 7, in its box."""
    places = [(40, 30), (90, 30), (140, 30)]
    picture = png(bars(*places))
    form = http.post("/read", files={"file": picture})
    raw = http.post("/read", content=picture)

    assert form.status_code == 200
    assert form.json()["text"] == "777"
    assert [each["digit"] for each in form.json()["digits"]] == [7, 7, 7]
    for (left, top), digit in zip(places, form.json()["digits"], strict=True):
        x, y, width, height = digit["box"]
        assert x < left + 12 < x + width
        assert y < top + 24 < y + height
    assert raw.json() == form.json()


def test_rows_are_told_apart(http):
    """A newline in the text, a row for each digit."""
    reply = http.post("/read", content=png(bars((40, 20), (90, 20), (40, 130), shape=(220, 300))))

    assert reply.json()["text"] == "77\n7"
    assert [each["row"] for each in reply.json()["digits"]] == [0, 0, 1]


def test_the_count_may_be_bounded(http):
    """At most so many digits come back."""
    picture = png(bars((40, 30), (90, 30), (140, 30)))
    reply = http.post("/read?max_digits=2", content=picture)

    assert reply.json()["text"].replace(" ", "") == "77"


def test_blank_paper_is_answered(http):
    """No ink, no digits, and a reason."""
    reply = http.post("/read", content=png(np.full((60, 90), 240, np.uint8)))

    assert reply.status_code == 200
    assert reply.json() == {"text": "", "confidence": 0.0, "reason": "BLANK", "digits": []}


@pytest.mark.parametrize(
    ("content", "query", "answer"),
    [
        pytest.param(b"", "", (400, "EMPTY_IMAGE", "body"), id="empty"),
        pytest.param(b"a text", "", (415, "UNSUPPORTED_FORMAT", "body"), id="text"),
        pytest.param(
            png(bars()), "?min_digits=-1", (422, "INVALID_REQUEST", "min_digits"), id="below zero"
        ),
        pytest.param(
            png(bars()),
            "?min_digits=3&max_digits=2",
            (400, "BAD_HINT", "max_digits"),
            id="no number fits",
        ),
        pytest.param(
            png(bars()), "?max_digits=1001", (422, "INVALID_REQUEST", "max_digits"), id="too many"
        ),
    ],
)
def test_what_cannot_be_read_is_a_problem(http, content, query, answer):
    """With status, reason and field."""
    reply = http.post(f"/read{query}", content=content)

    problem = reply.json()
    assert (reply.status_code, problem["reason"], problem["field"]) == answer
    assert reply.headers["content-type"] == "application/problem+json"


def test_the_reader_is_asked_elsewhere(http):
    """Who asks it for one digit is told the path, not the recogniser's call."""
    reply = http.post("/predict?model=reader", content=png(bars((40, 30))))

    assert (reply.status_code, reply.json()["reason"]) == (404, "MODEL_NOT_FOUND")
    assert reply.json()["detail"].startswith("The model 'reader' reads numbers: POST /read, or ask")
    assert "ReadNumber" not in reply.text


def test_a_server_without_a_reader_says_so(launch_server, tiny_models, tmp_path):
    """501, and single digits are read as ever."""
    server = launch_server(DIGITS_MODELS_DIR=tiny_models)
    server.wait_for("serving")
    with running(tmp_path, server.address) as gateway:
        number = httpx.post(f"{gateway.url}/read", content=png(bars((40, 30))), timeout=30)
        digit = httpx.post(f"{gateway.url}/predict", content=png(bars((40, 30))), timeout=30)

    assert (number.status_code, number.json()["reason"]) == (501, "UNIMPLEMENTED")
    assert "reader" in number.json()["detail"]
    assert digit.status_code == 200
