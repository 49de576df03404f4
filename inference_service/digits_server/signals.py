"""Signals as something to wait for, beside pipes."""

import signal
import socket
from types import TracebackType
from typing import Self

STOPPING = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """While entered, SIGTERM and SIGINT make it ready to `multiprocessing.connection.wait`."""

    def __enter__(self) -> Self:
        self._receiver, sender = socket.socketpair()
        self._sender = sender
        for end in (self._receiver, sender):
            end.setblocking(False)
        signal.set_wakeup_fd(sender.fileno())
        for number in STOPPING:
            # Python writes the numbers of signals that have a handler of its own only.
            signal.signal(number, lambda *_: None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(-1)
        for end in (self._receiver, self._sender):
            end.close()

    def fileno(self) -> int:
        """The descriptor that becomes readable."""
        return self._receiver.fileno()

    def read(self) -> list[int]:
        """The numbers of the signals that have come since the last time."""
        try:
            return list(self._receiver.recv(64))
        except BlockingIOError:
            return []
