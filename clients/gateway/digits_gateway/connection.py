"""Connections that make us wait, or say too much, are closed: uvicorn alone would keep them."""

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

MOST_HEAD = 64 * 2**10
"""Bytes that the head of a request may have, or what stands between two pieces of its body."""


class Pairing:
    """A transport that sends what is written first in a turn of the loop with what comes second.

    uvicorn writes the head of a reply and then its body, each of which would be a
    system call, a packet, and a turn for the receiver.
    """

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._first = b""

    def write(self, data: bytes) -> None:
        """Keep the first, send the second with it."""
        if self._first:
            first, self._first = self._first, b""
            self._transport.write(first + data)
        else:
            self._first = data
            self._loop.call_soon(self._send)

    def close(self) -> None:
        """Send what is left, then close."""
        self._send()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send(self) -> None:
        if self._first:
            first, self._first = self._first, b""
            self._transport.write(first)


def guarded(patience: float) -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP protocol, which closes a connection that makes us wait.

    A client has `patience` seconds, from the connection or from the last reply,
    until the head of its next request is complete, and as long to take what is
    being sent. (Bodies are timed where they are read. Between requests uvicorn's
    own, shorter keep-alive timeout holds.) Heads beyond `MOST_HEAD` are refused:
    the parser would collect them without end.
    """

    class Guarded(HttpToolsProtocol):
        _patience_ends: asyncio.TimerHandle | None = None
        _answered: RequestResponseCycle | None = None
        _head = 0
        _unheard = 0

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.transport: Any = Pairing(transport, self.loop)
            self._watch()

        def data_received(self, data: bytes) -> None:
            self._unheard += len(data)
            super().data_received(data)
            if self._unheard > MOST_HEAD and not self.transport.is_closing():
                self.send_400_response("The head of the request is too large.")
            self._watch()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._head = 0

        def on_header(self, name: bytes, value: bytes) -> None:
            super().on_header(name, value)
            self._unheard = 0
            self._head += len(name) + len(value)
            if self._head > MOST_HEAD:
                raise ValueError("the head is too large")  # which the parser answers with 400

        def on_headers_complete(self) -> None:
            super().on_headers_complete()
            self._unheard = 0

        def on_body(self, body: bytes) -> None:
            super().on_body(body)
            self._unheard = 0

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._watch()

        def send_400_response(self, msg: str) -> None:
            if self.pipeline or (self.cycle is not None and self.cycle.response_started):
                self.transport.close()  # what follows a reply cannot be answered twice
            else:
                super().send_400_response(msg)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._start()

        def resume_writing(self) -> None:
            super().resume_writing()
            self._stop()
            self._watch()

        def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
            self._answered = cycle
            super()._start_asgi_task(cycle, app)

        def connection_lost(self, exc: Exception | None) -> None:
            # uvicorn tells only the last of several requests that were sent at once.
            if self._answered is not None:
                self._answered.disconnected = True
                self._answered.message_event.set()
            super().connection_lost(exc)
            self._stop()

        def _watch(self) -> None:
            """Count while the client's next request is awaited, not while it is answered."""
            if self.cycle is None or self.cycle.response_complete:
                self._start()
            else:
                self._stop()

        def _start(self) -> None:
            if self._patience_ends is None:
                self._patience_ends = self.loop.call_later(patience, self.transport.abort)

        def _stop(self) -> None:
            if self._patience_ends is not None:
                self._patience_ends.cancel()
                self._patience_ends = None

    return Guarded
