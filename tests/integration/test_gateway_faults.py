"""Senders who are slow, silent or endless, and a gateway that stays as it was."""

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.gateways import GatewayProcess, running

PATIENCE_S = 1.0
MB = 10**6

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="memory is measured with Linux's /proc"
)


@pytest.fixture(scope="module")
def gateway(server_address, tmp_path_factory) -> Iterator[GatewayProcess]:
    """A gateway with little patience."""
    folder = tmp_path_factory.mktemp("gateway")
    with running(folder, server_address, DIGITS_READ_TIMEOUT_S=PATIENCE_S) as gateway:
        yield gateway
        assert gateway.stop() == 0, gateway.text


@pytest.fixture(autouse=True)
def well_afterwards(gateway, digit_png) -> Iterator[None]:
    """Whatever happened, the next picture is read and no exception was logged."""
    yield
    reply = httpx.post(f"{gateway.url}/predict", content=digit_png, timeout=30)
    assert reply.json()["prediction"] == 7
    assert not gateway.events("failure")


def connect(gateway: GatewayProcess) -> socket.socket:
    """A connection to the gateway, which waits 10 s at most."""
    return socket.create_connection(("127.0.0.1", gateway.port), timeout=10)


def reply(connection: socket.socket) -> bytes:
    """A reply that ends with a JSON object."""
    said = b""
    while not said.endswith(b"}"):
        said += connection.recv(65536)
    return said


def seconds_until_closed(connection: socket.socket) -> tuple[float, bytes]:
    """How long the other side keeps the connection, and what it says."""
    started, said = time.monotonic(), b""
    try:
        while received := connection.recv(65536):
            said += received
    except ConnectionResetError:
        pass
    return time.monotonic() - started, said


CHUNKED = b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        pytest.param(b"", b"", id="silent"),
        pytest.param(b"POST /predict HTTP/1.1\r\nHost: x\r\n", b"", id="half a head"),
        pytest.param(HEAD + b"half a body", b"HTTP/1.1 408 ", id="half a body"),
        pytest.param(
            HEAD.replace(b"/predict", b"/nowhere") + b"half", b"HTTP/1.1 404 ", id="body for nobody"
        ),
        pytest.param(GET + b"GET /he", b"HTTP/1.1 200 ", id="half a second head"),
    ],
)
def test_who_makes_us_wait_is_let_go(gateway, sent, answered):
    """The connection is closed after the configured time, with an answer where one is due."""
    with connect(gateway) as connection:
        connection.sendall(sent)
        seconds, said = seconds_until_closed(connection)

    assert 0.5 * PATIENCE_S < seconds < 3 * PATIENCE_S
    assert said.startswith(answered)


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        pytest.param(b"hello\r\n\r\n", b"HTTP/1.1 400 ", id="no HTTP"),
        pytest.param(CHUNKED + b"hello\r\n", b"HTTP/1.1 400 ", id="no chunk"),
        pytest.param(
            CHUNKED.replace(b"/predict", b"/nowhere") + b"5\r\nhello\r\n",
            b"HTTP/1.1 404 ",
            id="no chunk after a reply",
        ),
    ],
)
def test_what_is_not_http_ends_the_connection(gateway, sent, answered):
    """With a 4xx, and no exception inside."""
    with connect(gateway) as connection:
        connection.sendall(sent)
        time.sleep(0.3)
        connection.sendall(b"still no HTTP\r\n\r\n")
        _, said = seconds_until_closed(connection)

    assert said.startswith(answered)
    assert "Traceback" not in gateway.text
    assert '"exception"' not in gateway.text


LONG = b"a" * MB


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET /" + LONG, id="target"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: " + LONG, id="header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"X-Many: of them\r\n" * 50_000, id="headers"),
        pytest.param(CHUNKED + b"5;" + LONG, id="chunk extension"),
        pytest.param(CHUNKED + b"0\r\n" + b"X-Many: of them\r\n" * 50_000, id="trailers"),
    ],
)
def test_a_head_without_end_is_refused(gateway, sent):
    """At once, rather than kept until its time is over."""
    with connect(gateway) as connection:
        connection.sendall(sent)
        seconds, said = seconds_until_closed(connection)

    assert seconds < 0.5 * PATIENCE_S
    assert said.startswith(b"HTTP/1.1 400 ")


def test_a_dripping_head_or_body_is_let_go(gateway):
    """A byte now and then does not prolong the time."""
    with connect(gateway) as head, connect(gateway) as body:
        body.sendall(HEAD)
        started = time.monotonic()
        for letter in b"POST /predict HTTP/1.1\r\nX-Drip: " + b"a" * 100:
            try:
                head.sendall(bytes([letter]))
                body.sendall(b"x")
            except OSError:
                break
            time.sleep(0.05)

        assert time.monotonic() - started < 4 * PATIENCE_S


def test_fifty_of_each_do_not_slow_the_others(gateway):
    """Answers come as quickly while 150 connections are held open."""
    with httpx.Client(base_url=gateway.url, timeout=30) as http:

        def typical_seconds() -> float:
            return statistics.median(
                http.get("/healthz").elapsed.total_seconds() for _ in range(40)
            )

        before = typical_seconds()
        held = [connect(gateway) for _ in range(150)]
        for place, connection in enumerate(held):
            connection.sendall((b"", HEAD[:30], HEAD + b"x")[place % 3])
        meanwhile = typical_seconds()
        for connection in held:
            connection.close()

    assert meanwhile < 2 * before + 0.05


@needs_proc
@pytest.mark.parametrize("wrapped", [False, True], ids=["raw", "form"])
def test_a_hundred_megabytes_with_a_length_are_refused_unread(gateway, wrapped):
    """413 comes before the body."""
    kind = b"Content-Type: multipart/form-data; boundary=edge\r\n" if wrapped else b""
    with gateway.extra_memory_below(10 * MB), connect(gateway) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n" + kind + b"\r\n"
        )
        said = reply(connection)

    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"IMAGE_TOO_LARGE" in said


@needs_proc
@pytest.mark.parametrize("wrapped", [False, True], ids=["raw", "form"])
def test_a_hundred_megabytes_in_chunks_are_refused_on_the_way(gateway, wrapped):
    """413 comes once the limit is passed, and less than 10 MB of memory were taken."""
    content = b"\0" * MB
    head = b"--edge\r\nContent-Disposition: form-data; name=file\r\n\r\n" if wrapped else b""
    kind = b"Content-Type: multipart/form-data; boundary=edge\r\n" if wrapped else b""
    answers: list[bytes] = []
    with gateway.extra_memory_below(10 * MB), connect(gateway) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + kind + b"\r\n"
        )
        listener = threading.Thread(target=lambda: answers.append(reply(connection)))
        listener.start()
        sent = 0
        while sent < 100 and not answers:
            chunk = head + content if sent == 0 else content
            connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            sent += 1
        listener.join()

    assert answers[0].startswith(b"HTTP/1.1 413 ")
    assert sent < 60


def test_who_does_not_take_the_answer_is_let_go(gateway):
    """A client that asks for large files and reads nothing is cut off."""
    asked = b"GET /swagger-ui/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", gateway.port))
        connection.sendall(asked * 8)
        time.sleep(3 * PATIENCE_S)
        _, said = seconds_until_closed(connection)

    assert len(said) < 8 * 1_500_000
