"""Where the gateway listens, and where to find it. Light: the health check imports this alone."""

from collections.abc import Mapping

HOST = "127.0.0.1"
HTTP_PORT = 5000

_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised, not bound


def joined(host: str, port: int | str) -> str:
    """Host and port as URLs and gRPC write them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reached(host: str) -> str:
    """The address at which this machine reaches what listens on `host`."""
    return _REACHED_AT.get(host, host)


def own(environment: Mapping[str, str]) -> str:
    """Where a gateway with this environment is reached from its own machine."""
    host = environment.get("DIGITS_HOST") or HOST
    return joined(reached(host), environment.get("DIGITS_HTTP_PORT") or HTTP_PORT)
