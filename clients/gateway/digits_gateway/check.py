"""Asks a gateway whether it is ready, as the container engines do every few seconds."""

import http.client

TIMEOUT_S = 5.0


class NotReady(Exception):
    """The gateway is not ready, or not there: the text says which."""


def ask(address: str) -> None:
    """Return when the gateway at `host:port` is ready; raise `NotReady` otherwise."""
    try:
        connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
        try:
            connection.request("GET", "/readyz")
            status = connection.getresponse().status
        finally:
            connection.close()
    except (http.client.HTTPException, OSError, OverflowError) as error:  # a port beyond 65535
        raise NotReady(f"{address} is not ready: {error}") from error
    if status != http.client.OK:
        raise NotReady(f"{address} is not ready: it answers {status}")
