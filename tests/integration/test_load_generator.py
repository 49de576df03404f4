"""The load generator of the benchmarks, before a server that answers whatever comes."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from benchmarks.speed.load import Generator, Target
from benchmarks.speed.noop import METHOD, no_op


@pytest.fixture(scope="module")
def generator() -> Iterator[Generator]:
    """One process for all tests."""
    with Generator() as generator:
        yield generator


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    posted = 0

    def do_POST(self) -> None:
        _Echo.posted += 1
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200 if self.path == "/echo" else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[str]:
    """The address of a server that keeps its connections and answers what it is sent."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_grpc(generator: Generator) -> None:
    """Each in flight asks once before; replies are kept by body."""
    with no_op(b"seven", processes=2) as (address, pids):
        target = Target("grpc", address, METHOD)
        taken = generator.ask(target, [b"a", b"b"], concurrency=4, seconds=0.1, connections=2)
        refused = generator.ask(Target("grpc", address, "/no/Method"), [b"a"], seconds=0.0)

    assert len(set(pids)) == 2
    assert taken.warm == 4
    assert taken.calls > 0
    assert (taken.failed, taken.replies) == (0, {0: b"seven", 1: b"seven"})
    assert (refused.answered, set(refused.faults)) == (0, {"UNIMPLEMENTED"})


def test_http(generator: Generator, echo: str) -> None:
    """The server sees every call that is counted; what is not 200 has failed."""
    before = _Echo.posted
    taken = generator.ask(Target("http", echo, "/echo"), [b"a", b"b"], concurrency=3, seconds=0.1)
    posted = _Echo.posted - before
    missed = generator.ask(Target("http", echo, "/nowhere"), [b"a"], concurrency=1, seconds=0.0)

    assert posted == taken.answered
    assert taken.replies == {0: b"a", 1: b"b"}
    assert missed.faults == {"404": 1}


def test_at_random(generator: Generator, echo: str) -> None:
    """So many calls come as the rate and chance want, the same ones again for the same seed."""
    target = Target("http", echo, "/echo")
    counts = {
        generator.ask(target, [b"a"], concurrency=1, seconds=0.2, rate=100.0, seed=seed).calls
        for seed in (5, 5)
    }

    assert len(counts) == 1
    assert 5 < counts.pop() < 40
