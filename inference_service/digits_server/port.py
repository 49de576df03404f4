"""A port kept for workers that share it."""

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from digits_server.address import joined
from digits_server.transport import taken

# A name may stand for an address that this machine does not have, as ::1 without IPv6.
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@contextmanager
def reserved(host: str, port: int) -> Iterator[int]:
    """Keep a port, on which nothing listens yet, for sockets with SO_REUSEPORT of this user.

    Yields its number, a free one for 0. Raises `PortTaken`.
    """
    with ExitStack() as kept:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            absent, bound = None, None
            for family, _, _, _, address in found:
                try:
                    bound = kept.enter_context(_bound(family, (address[0], port)))
                    port = bound.getsockname()[1]
                except OSError as error:
                    if error.errno not in _ABSENT:
                        raise
                    absent = error
            if absent and not bound:
                raise absent
        except OSError as error:
            raise taken(joined(host, port)) from error
        yield port


def _bound(family: int, address: tuple[str | int, int]) -> socket.socket:
    # Without SO_REUSEPORT first: with it, the port of another server of ours would look free.
    with _reusing(family) as alone:
        alone.bind(address)
        port = alone.getsockname()[1]
    shared = _reusing(family)
    try:
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind((address[0], port))
        # Needed to pass by connections that wait for their end; from here on it would let by
        # a server that does not share.
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    except OSError:
        shared.close()
        raise
    return shared


def _reusing(family: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made
