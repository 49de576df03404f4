"""What the command line takes from the environment."""

from collections.abc import Mapping
from difflib import get_close_matches

KNOWN = (
    "DIGITS_DATA_DIR",
    "DIGITS_GRPC_PORT",
    "DIGITS_HOST",
    "DIGITS_HTTP_PORT",
    "DIGITS_MODELS_DIR",
    "DIGITS_SERVER_ADDRESS",
)
"""Every variable of the house: its processes share one environment."""


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
    """Return a sentence for each DIGITS_ variable that nothing reads."""
    return [
        f"{name} is unknown" + "".join(f", did you mean {near}?" for near in _nearest(name))
        for name in sorted(environ)
        if name.startswith("DIGITS_") and name not in KNOWN
    ]


def _nearest(name: str) -> list[str]:
    return get_close_matches(name, KNOWN, n=1)
