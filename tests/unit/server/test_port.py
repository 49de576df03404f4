"""A port that is kept for workers."""

import socket
import sys

import pytest
from digits_server.errors import PortTaken
from digits_server.port import reserved

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shares a port")


def sharing(port: int) -> socket.socket:
    """A socket as gRPC makes it for a worker."""
    made = socket.socket()
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        made.setsockopt(socket.SOL_SOCKET, option, 1)
    made.bind(("127.0.0.1", port))
    made.listen()
    return made


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_workers_share_it(host: str) -> None:
    """They bind it and get the connections; nobody else can have it, not even to share."""
    with reserved(host, 0) as port, sharing(port) as worker:
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, peer = worker.accept()
            accepted.close()
            assert peer == client.getsockname()
        with pytest.raises(PortTaken, match=str(port)), reserved(host, port):
            pass


def test_it_is_kept_before_anybody_listens() -> None:
    """A second server that starts at the same time finds it taken."""
    with (
        reserved("127.0.0.1", 0) as port,
        pytest.raises(PortTaken),
        reserved("127.0.0.1", port),
    ):
        pass


def test_an_address_of_another_machine() -> None:
    """It cannot be had, and the error says what to set."""
    with pytest.raises(PortTaken, match="DIGITS_HOST"), reserved("192.0.2.1", 0):
        pass
