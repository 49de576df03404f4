"""Where the server listens, and where to find it. Light: the health check imports this alone."""

from collections.abc import Mapping

HOST = "127.0.0.1"
PORT = 50051

_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared, not bound to


def joined(host: str, port: int | str) -> str:
    """Host and port as gRPC writes them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def own(environment: Mapping[str, str]) -> str:
    """The address at which a server with this environment is reached from its own machine."""
    host = environment.get("DIGITS_HOST") or HOST
    return joined(_REACHED_AT.get(host, host), environment.get("DIGITS_GRPC_PORT") or PORT)
