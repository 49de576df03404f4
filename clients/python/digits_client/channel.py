"""How calls reach the server: the channel's options and the stub on it."""

import ipaddress
import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, TypeAlias

from digits.v1.digits_pb2_grpc import DigitServiceStub
from grpc_health.v1.health_pb2_grpc import HealthStub

from digits_client.images import MESSAGE_BYTES

Metadata: TypeAlias = Sequence[tuple[str, str]]
"""Pairs that travel beside a call; keys in lower case."""

Options: TypeAlias = Sequence[tuple[str, Any]]
"""A channel's options, as gRPC names them."""

DEFAULT_ADDRESS = "localhost:50051"

DEFAULT_TIMEOUT = 10.0
"""Seconds until a call without an answer fails; the server's own deadline is the same."""


class Stub(DigitServiceStub, HealthStub):  # type: ignore[misc]
    """The methods of the digit service and of the standard health service."""

    def __init__(self, channel: Any) -> None:
        DigitServiceStub.__init__(self, channel)
        HealthStub.__init__(self, channel)


def options(address: str, *, patient: bool) -> Options:
    """Return the channel's options for an address `host:port`.

    Raises `ValueError` for an address that names no port. A `patient` channel
    gives a server that restarts several seconds; another tells its caller
    within one second, or two where it had several connections.
    """
    if ":" not in address or address.startswith(("http:", "https:", "grpc:")):
        raise ValueError(f"the address is host:port, such as {DEFAULT_ADDRESS}, not {address!r}")
    return [
        ("grpc.service_config", json.dumps(_service_config(patient))),
        ("grpc.max_send_message_length", MESSAGE_BYTES),
        ("grpc.max_receive_message_length", MESSAGE_BYTES),
        # Retries keep a copy of the request; with the default of 256 KiB a batch has none.
        ("grpc.per_rpc_retry_buffer_size", MESSAGE_BYTES),
        # A server that returns is found within seconds; the default grows to two minutes.
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # Channels of one process to one address would share a connection,
        ("grpc.use_local_subchannel_pool", 1),
        # and one that has fallen asleep (INT_MAX: never) would get no calls beside others.
        ("grpc.client_idle_timeout_ms", 2**31 - 1),
        ("grpc.primary_user_agent", f"digits-client/{version('digits-client')}"),
        ("grpc.enable_http_proxy", int(not _loopback(address))),
    ]


def worker_options(address: str) -> Options:
    """Return the options for the address of a single process: when it is gone, others are asked."""
    return [*options(address, patient=False), ("grpc.enable_retries", 0)]


def _service_config(patient: bool) -> dict[str, Any]:
    retry = {
        "maxAttempts": 5 if patient else 4,
        "initialBackoff": "0.1s",
        "backoffMultiplier": 3 if patient else 2,
        "maxBackoff": "5s",
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return {
        "loadBalancingConfig": [{"round_robin": {}}],
        # A server that drains gets no more calls: one that met its last moment ended as CANCELLED.
        "healthCheckConfig": {"serviceName": "digits.v1.DigitService"},
        "methodConfig": [{"name": [{}], "retryPolicy": retry}],
    }


def _loopback(address: str) -> bool:
    """Return whether every server of the address is on this machine."""
    if address.startswith(("unix:", "unix-abstract:")):
        return True
    hosts = [target.rpartition(":")[0].rpartition("/")[2] for target in address.split(",")]
    return all(_names_this_machine(host) for host in hosts)


def _names_this_machine(host: str) -> bool:
    host = host.removeprefix("ipv4:").removeprefix("ipv6:").removeprefix("dns:").strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
