"""How many pictures go in one message of a batch, and how many messages at once."""

from collections.abc import Sequence
from typing import Protocol

_IN_FLIGHT = 4
"""Messages that wait for their answer at one time: a process has the next at hand when it has
done one."""

_HELD = 8
"""Messages with those that are answered: when connections meet in one process, and messages
wait for each other there, the other process goes on with those behind them."""

_FIRST, _MOST = 16, 512
"""Pictures in a message; the server takes 1,024."""

_SECONDS = 0.2
"""What an answer may take among others in flight, which is 50 to 100 ms of a processor's time:
to send and to take a message costs some 2 ms. With 256 small pictures instead of 64 in a message
client and server needed a tenth less."""


class Future(Protocol):
    """What a message waits for."""

    def done(self) -> bool:
        """Return whether the answer is there, or will not come."""


def landed(future: Future | None) -> bool:
    """Return whether nothing has to be waited for: there may have been nothing to send."""
    return future is None or future.done()


def room(futures: Sequence[Future | None]) -> bool:
    """Return whether another message may be sent beside these."""
    waiting = sum(not landed(future) for future in futures)
    return waiting < _IN_FLIGHT and len(futures) < _HELD


class Pace:
    """Learns from the answers how many pictures are enough.

    It begins with few, as they may be photographs or the server slow, and at
    most doubles.
    """

    def __init__(self) -> None:
        self.items = _FIRST
        self._most = _MOST

    def answered(self, items: int, seconds: float) -> None:
        """Take note of an answer."""
        fitting = round(items * _SECONDS / max(seconds, 1e-3))
        self.items = max(1, min(fitting, 2 * items, self._most))

    def refused(self, items: int) -> None:
        """Take note that so many were too many."""
        self._most = max(1, items // 2)
        self.items = min(self.items, self._most)
