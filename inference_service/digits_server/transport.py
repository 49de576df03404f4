"""The gRPC server itself: its options, its services, its port."""

import sys
from dataclasses import dataclass, replace

import grpc
from digits.v1 import digits_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from digits_server.address import joined
from digits_server.calls import Calls
from digits_server.errors import PortTaken
from digits_server.health import Health
from digits_server.servicer import DigitService
from digits_server.settings import Settings

_DIGITS = digits_pb2.DESCRIPTOR.services_by_name["DigitService"]
SERVICE: str = _DIGITS.full_name
HEALTH: str = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

SILENCE_MS = 8_000
"""How long a connection may say nothing before it is asked whether it lives."""

ANSWER_MS = 5_000
"""How long it then has to answer; half-sent requests and peers that are gone do not."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process listens: a port, which it shares with others if it is a `worker`.

    `own` is the address of this process alone, for callers on the same machine.
    """

    host: str
    port: int
    worker: int | None = None

    @property
    def own(self) -> str:
        """A name in Linux's abstract namespace: no file is left behind, nor has to be written."""
        return f"unix-abstract:digits-{joined(self.host, self.port)}-{self.worker or 0}"


def listen(
    settings: Settings,
    place: Place,
    service: DigitService,
    health: Health,
    calls: Calls,
) -> tuple[grpc.aio.Server, str]:
    """Build the server and bind it, unstarted; also the address that it is bound to.

    Raises `PortTaken`.
    """
    server = grpc.aio.server(options=_options(settings, place))
    server.add_generic_rpc_handlers((calls.handlers(_DIGITS, service),))
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    reflection.enable_server_reflection([SERVICE, HEALTH, reflection.SERVICE_NAME], server)
    port = _bind(server, joined(place.host, place.port))
    bound = replace(place, port=port)
    if sys.platform == "linux":
        _bind(server, bound.own)
    return server, joined(place.host, port)


def taken(address: str) -> PortTaken:
    """The error for an address that cannot be had."""
    return PortTaken(
        f"cannot listen on {address}: the port is taken, or not ours to take; "
        "set DIGITS_HOST and DIGITS_GRPC_PORT to a free one"
    )


def _bind(server: grpc.aio.Server, address: str) -> int:
    try:
        return server.add_insecure_port(address)
    except RuntimeError as error:
        raise taken(address) from error


def _options(settings: Settings, place: Place) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        # Workers share a port; otherwise two servers would do so without a word.
        ("grpc.so_reuseport", int(place.worker is not None)),
        ("grpc.max_connection_age_ms", round(settings.max_connection_age_s * 1000)),
        ("grpc.max_connection_age_grace_ms", round(settings.deadline_s * 1000)),
        ("grpc.server_handshake_timeout_ms", SILENCE_MS),
        ("grpc.keepalive_time_ms", SILENCE_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.ping_timeout_ms", ANSWER_MS),
    ]
