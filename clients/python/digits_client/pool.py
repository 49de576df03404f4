"""Connections to one server: more than one as soon as calls overlap.

A server has a process for each of its processors, and a connection ends in one
of them: alone, it would leave the others idle.
"""

import threading
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest

from digits_client.channel import DEFAULT_TIMEOUT, Options, Stub, worker_options

MOST_LANES = 8
"""Of two processes behind one port, all but one of 128 such sets of connections reach both."""

_UNREACHED = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
)

_calls = attrgetter("calls")


class Lane:
    """A channel, the stub on it, and how many calls are under way there."""

    __slots__ = ("calls", "channel", "stub")

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.stub = Stub(channel)
        self.calls = 0


class Pool:
    """The lanes of a `Client`, for any number of threads.

    `take` returns the lane for a call: the one with the fewest calls. `give` takes
    it back when the call has ended, however it did. Only the first lane gets calls
    before it is connected, and one whose server has gone gets none while there are
    others.
    """

    def __init__(self, address: str, options: Options) -> None:
        self._address = address
        self._options = options
        self._lock = threading.RLock()  # a call may end, and be given back, where it begins
        self._lanes = [self._opened()]
        self._opening: Lane | None = None
        self._leaving: list[Lane] = []
        self._closed = False

    def take(self) -> Lane:
        """Return the lane for a call that begins; begin to open another when all are busy."""
        with self._lock:
            lane = min(self._lanes, key=_calls)
            if lane.calls and len(self._lanes) < MOST_LANES and not (self._opening or self._closed):
                self._opening = self._opened()
                self._try(self._opening)
            lane.calls += 1
            return lane

    def give(self, lane: Lane) -> None:
        """Take back the lane of a call that has ended."""
        with self._lock:
            lane.calls -= 1
            self._close_empty()

    def drop(self, lane: Lane) -> bool:
        """Use a lane no more that has lost a call; return false for the last one, which stays."""
        with self._lock:
            if lane in self._lanes and len(self._lanes) > 1:
                self._lanes.remove(lane)
                self._leaving.append(lane)
                self._close_empty()
            return lane not in self._lanes

    def close(self) -> None:
        """End the connections. Calls under way are cancelled."""
        with self._lock:
            self._closed = True
            lanes = [*self._lanes, *self._leaving, *filter(None, [self._opening])]
        for lane in lanes:
            lane.channel.close()

    def _close_empty(self) -> None:
        for lane in [lane for lane in self._leaving if not lane.calls]:
            self._leaving.remove(lane)
            lane.channel.close()

    def _opened(self) -> Lane:
        return Lane(grpc.insecure_channel(self._address, self._options))

    def _try(self, lane: Lane) -> None:
        """Add the lane once it has carried a call.

        A channel's `subscribe` would tell its state, by a thread that polls, and
        that keeps a process from ending whose client is not closed.
        """

        def add(call: Any) -> None:
            with self._lock:
                self._opening = None
                if self._closed or call.code() in _UNREACHED:
                    lane.channel.close()
                else:
                    self._lanes.append(lane)

        call = lane.stub.Check.future(
            HealthCheckRequest(), timeout=DEFAULT_TIMEOUT, wait_for_ready=True
        )
        call.add_done_callback(add)


class AsyncPool:
    """The lanes of an `AsyncClient`: a `Pool` for one event loop.

    Each of the `workers`, processes with an address of their own, has a lane beside
    those to the common address, which are not opened before they are needed.
    """

    def __init__(self, address: str, options: Options, workers: Sequence[str]) -> None:
        self._address = address
        self._options = options
        self._lanes: list[Lane] = []
        self._workers = [_opened(worker, worker_options(worker)) for worker in workers]

    def take(self) -> Lane:
        """Return the lane for a call that begins: a worker's, if one is well."""
        return _least_busy(self._workers) or self._take_common()

    def instead(self, lane: Lane) -> Lane | None:
        """Return a lane for the call that this one has lost, if there is another."""
        if lane in self._workers:
            return self._take_common()
        return _least_busy([other for other in self._lanes if other is not lane])

    def give(self, lane: Lane) -> None:
        """Take back the lane of a call that has ended."""
        lane.calls -= 1

    async def close(self) -> None:
        """End the connections. Calls under way are cancelled."""
        for lane in self._workers + self._lanes:
            await lane.channel.close(grace=None)

    def _take_common(self) -> Lane:
        """Return a lane to the common address; begin to open another when all are busy."""
        busy = all(lane.calls and _connected(lane) for lane in self._lanes)
        if busy and len(self._lanes) < MOST_LANES:
            self._lanes.append(_opened(self._address, self._options))
        lane = _least_busy(self._lanes)
        if lane is None:
            lane = self._lanes[0]
            lane.calls += 1
        return lane


def _least_busy(lanes: list[Lane]) -> Lane | None:
    """Begin a call on the lane with the fewest, of those that are connected; return it."""
    lane = min(filter(_connected, lanes), key=_calls, default=None)
    if lane is not None:
        lane.calls += 1
    return lane


def _opened(address: str, options: Options) -> Lane:
    """Return a lane of the event loop that runs."""
    channel = grpc.aio.insecure_channel(address, options)
    channel.get_state(try_to_connect=True)
    return Lane(channel)


def _connected(lane: Lane) -> bool:
    """Return whether the lane of an event loop leads to a process that is well."""
    return bool(lane.channel.get_state() is grpc.ChannelConnectivity.READY)
