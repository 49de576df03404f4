"""How long the current call may still take.

The clock is the monotonic one, so that a change of the date moves no deadline.
The value lies in a context variable: it belongs to the call, and follows it to
a worker thread that runs in a copy of the call's context.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from digits_server.errors import DeadlinePassed

PASSED = "the time for this call is over: allow more, or send less"

_ends: ContextVar[float] = ContextVar("ends", default=float("inf"))


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Let the body take `seconds`; cancel it and raise `DeadlinePassed` when it takes longer."""
    token = _ends.set(time.monotonic() + seconds)
    try:
        check()
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise DeadlinePassed(PASSED) from None
    finally:
        _ends.reset(token)


def end() -> float:
    """When the current call ends, by the monotonic clock; infinity without a deadline."""
    return _ends.get()


def half() -> asyncio.Timeout:
    """End the body, with `TimeoutError`, after half of the time that the current call has left."""
    left = _ends.get() - time.monotonic()
    return asyncio.timeout(None if left == float("inf") else max(0.0, left / 2))


def check() -> None:
    """Raise `DeadlinePassed` before a piece of work whose answer would come too late.

    Work in the event loop holds up the timer of `within`, so it asks here first.
    """
    if time.monotonic() >= _ends.get():
        raise DeadlinePassed(PASSED)
