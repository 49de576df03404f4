"""What a server is told to do, by a signal or by its supervisor."""

import asyncio
from enum import Enum


class Order(Enum):
    """What health is to say, or to finish the calls in flight and end.

    SERVE: all is well. DOUBT: this process is well, another one hangs. REFUSE:
    ask elsewhere.
    """

    SERVE = "serve"
    DOUBT = "doubt"
    REFUSE = "refuse"
    STOP = "stop"


class Orders:
    """Orders in the order in which they came. `stopped` is set as soon as one of them is STOP.

    `grace_s`, the seconds that calls in flight have from then on, comes with it.
    """

    def __init__(self) -> None:
        self.stopped = asyncio.Event()
        self.grace_s = 0.0
        self._waiting: asyncio.Queue[Order] = asyncio.Queue()

    def give(self, order: Order) -> None:
        """Serve or refuse."""
        self._waiting.put_nowait(order)

    def stop(self, grace_s: float) -> None:
        """Finish within the grace and end."""
        self.grace_s = grace_s
        self.stopped.set()
        self._waiting.put_nowait(Order.STOP)

    async def next(self) -> Order:
        """Wait for the next one."""
        return await self._waiting.get()
