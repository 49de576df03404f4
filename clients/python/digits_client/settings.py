"""What the command line takes from the environment."""

from collections.abc import Mapping
from difflib import get_close_matches

OWN = ("DIGITS_SERVER_ADDRESS", "DIGITS_GRPC_PORT")


def server_address(environ: Mapping[str, str]) -> str:
    """Return DIGITS_SERVER_ADDRESS, or this machine at DIGITS_GRPC_PORT (1 to 65535, 50051).

    Raises `ValueError` that names the variable when the port is none.
    """
    if address := environ.get("DIGITS_SERVER_ADDRESS"):
        return address
    port = environ.get("DIGITS_GRPC_PORT") or "50051"
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise ValueError(f"DIGITS_GRPC_PORT is a port, 1 to 65535, not {port!r}")
    return f"localhost:{port}"


def warnings(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable whose name is nearly one that is read here.

    Others with the prefix belong to the server and the gateway, which share the
    environment and say themselves which they do not know.
    """
    return [
        f"{name} is unknown, did you mean {nearest}?"
        for name in sorted(environ)
        if name.startswith("DIGITS_") and name not in OWN
        for nearest in get_close_matches(name, OWN, n=1, cutoff=0.85)
    ]
