"""The gRPC server itself: its options, its services, its port."""

import grpc
from digits.v1 import digits_pb2, digits_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from digits_server.address import joined
from digits_server.errors import PortTaken
from digits_server.health import Health
from digits_server.interceptor import CallInterceptor
from digits_server.servicer import DigitService
from digits_server.settings import Settings

SERVICE: str = digits_pb2.DESCRIPTOR.services_by_name["DigitService"].full_name
HEALTH: str = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

SILENCE_MS = 8_000
"""How long a connection may say nothing before it is asked whether it lives."""

ANSWER_MS = 5_000
"""How long it then has to answer; half-sent requests and peers that are gone do not."""


def listen(
    settings: Settings, service: DigitService, health: Health, interceptor: CallInterceptor
) -> tuple[grpc.aio.Server, str]:
    """Build the server and bind it, unstarted; also the address that it is bound to.

    Raises `PortTaken`.
    """
    server = grpc.aio.server(interceptors=[interceptor], options=_options(settings))
    digits_pb2_grpc.add_DigitServiceServicer_to_server(service, server)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    reflection.enable_server_reflection([SERVICE, HEALTH, reflection.SERVICE_NAME], server)
    try:
        port = server.add_insecure_port(settings.address)
    except RuntimeError as error:
        raise PortTaken(
            f"cannot listen on {settings.address}: the port is taken, or not ours to take; "
            "set DIGITS_HOST and DIGITS_GRPC_PORT to a free one"
        ) from error
    return server, joined(settings.host, port)


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        # Two servers would share one port without a word.
        ("grpc.so_reuseport", 0),
        ("grpc.max_connection_age_ms", round(settings.max_connection_age_s * 1000)),
        ("grpc.max_connection_age_grace_ms", round(settings.deadline_s * 1000)),
        ("grpc.server_handshake_timeout_ms", SILENCE_MS),
        ("grpc.keepalive_time_ms", SILENCE_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.ping_timeout_ms", ANSWER_MS),
    ]
