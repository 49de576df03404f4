"""Connections on which nothing moves are closed: uvicorn alone would keep them for ever."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


def guarded(patience: float) -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP protocol, which closes a connection that makes us wait.

    A client has `patience` seconds, from the connection or from the last reply,
    until the head of its next request is complete, and as long to take what is
    being sent. (Bodies are timed where they are read. Between requests uvicorn's
    own, shorter keep-alive timeout holds.)
    """

    class Guarded(H11Protocol):
        _patience_ends: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._watch()

        def send_400_response(self, msg: str) -> None:
            if self.cycle is not None and self.cycle.response_started:
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

        def connection_lost(self, exc: Exception | None) -> None:
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
