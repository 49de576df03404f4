"""Which connection a call takes."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import grpc
import pytest
from digits_client import DeadlineExceeded, DigitsError
from digits_client.pool import MOST_LANES

PATIENCE_S = 30.0

MESSAGES = [b"8"] * 64 * 40
"""A batch of forty messages, some of which are under way at once."""


def test_who_asks_one_by_one_has_one_connection(connect, address, fake):
    """Nothing is opened for calls that do not overlap."""
    with connect(address) as client:
        for _ in range(20):
            client.predict(b"8")

    assert len(set(fake.peers)) == 1


def test_calls_that_overlap_have_several(connect, address, fake):
    """They are spread, over a few connections and no more."""
    fake.delay = 0.01
    with connect(address) as client:
        for _ in range(3):
            client.predict_batch(MESSAGES)

    assert 2 <= len(set(fake.peers)) <= MOST_LANES


def test_every_call_gives_its_place_back(connect, address, fake):
    """Answered, failed, late or cancelled: the first connection is free again."""
    with connect(address) as client:
        client.predict(b"8")
        first = fake.peers[0]
        fake.delay = 0.01
        client.predict_batch(MESSAGES)
        assert len(set(fake.peers)) > 1
        fake.failures.extend([grpc.StatusCode.INTERNAL] * 2)
        with pytest.raises(DigitsError):
            client.predict(b"8")
        with pytest.raises(DigitsError):  # which cancels the messages that follow
            client.predict_batch(MESSAGES)
        fake.failures.clear()
        fake.delay = 0.2
        with pytest.raises(DeadlineExceeded):
            client.predict(b"8", timeout=0.05)
        fake.delay = 0
        end = time.monotonic() + PATIENCE_S
        while fake.peers[-1] != first and time.monotonic() < end:
            client.predict(b"8")
        before = len(fake.peers)
        for _ in range(10):
            client.predict(b"8")

    assert set(fake.peers[before:]) == {first}


def test_a_connection_that_is_not_there_yet_gets_no_calls(connect, address, fake):
    """While others hang, every call goes over the one that stands."""
    fake.delay = 0.001
    with open_once(address) as door, connect(door, timeout=PATIENCE_S) as client:
        outcomes = client.predict_batch(MESSAGES)

    assert [outcome.digit for outcome in outcomes] == [6] * len(MESSAGES)
    assert len(set(fake.peers)) == 1


def test_a_lost_call_goes_over_another_connection(connect, address, fake):
    """When a connection's own attempts are used up, the next one is asked, and answers."""
    fake.delay = 0.01
    with connect(address) as client:
        client.predict_batch(MESSAGES)
        assert len(set(fake.peers)) > 1
        for ask in (client.predict, lambda picture: client.predict_batch([picture])[0]):
            fake.peers.clear()
            fake.failures.extend([grpc.StatusCode.UNAVAILABLE] * 4)
            assert ask(b"8").digit == 6
            assert len(fake.peers) == 5
            assert len(set(fake.peers)) == 2


@contextmanager
def open_once(address: str) -> Iterator[str]:
    """A port that leads to the server for one connection; later ones are left to hang."""
    host, _, port = address.rpartition(":")
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection((host, int(port))) as inside,
    ):
        relay = threading.Thread(target=_relay, args=(listener, inside))
        relay.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        relay.join()


def _relay(listener: socket.socket, inside: socket.socket) -> None:
    outside, _ = listener.accept()
    with outside:
        back = threading.Thread(target=_pump, args=(inside, outside))
        back.start()
        _pump(outside, inside)
        back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # either side may leave first
        while received := source.recv(2**16):
            target.sendall(received)
        target.shutdown(socket.SHUT_WR)
