"""The serving process: from its settings to its last request."""

import errno
import os
import signal
import socket

import structlog
import uvicorn

from digits_gateway import log
from digits_gateway.app import build
from digits_gateway.connection import guarded
from digits_gateway.settings import Settings, unknown_variables

_DRAIN = 12
"""Seconds that requests under way have to end: the recogniser's deadline and a little."""


class CannotListen(Exception):
    """The address or the port cannot be had; the text names it and the cure."""


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT, then let requests under way end."""
    log.configure()
    logger = structlog.get_logger()
    for name, nearest in unknown_variables(os.environ):
        logger.warning("unknown_setting", name=name, nearest=nearest)
    try:
        listener = listen(settings.host, settings.http_port)
    except CannotListen as error:
        logger.critical("cannot_listen", message=str(error))
        return 1
    host, port = listener.getsockname()[:2]
    logger.info("listening", host=host, port=port, backend=settings.backend)
    _server(settings).run(sockets=[listener])
    logger.info("stopped")
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raises `CannotListen`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise CannotListen(
                f"cannot listen on {host} (DIGITS_HOST), port {port} (DIGITS_HTTP_PORT): {error}"
            ) from None
        raise CannotListen(
            f"port {port} is in use: choose another, such as DIGITS_HTTP_PORT={port + 1}, or stop "
            "the program that has it (on macOS, port 5000 is AirPlay Receiver's: System Settings, "
            "General, AirDrop & Handoff)"
        ) from None


def _server(settings: Settings) -> uvicorn.Server:
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal again once it has stopped: a clean end is no failure.
        signal.signal(number, lambda *_: None)
    config = uvicorn.Config(
        build(settings),
        http=guarded(settings.read_timeout_s),
        ws="none",
        lifespan="on",
        # Nobody asks who sent a request.
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN,
    )
    return uvicorn.Server(config)
