"""The load generator: a process of its own that asks a server as fast as told, and takes the time.

It speaks gRPC and HTTP/1.1 with bodies that were serialized before, so that it
costs little, and it measures what it costs.

    predict = Target("grpc", "127.0.0.1:50051", "/digits.v1.DigitService/Predict")
    with Generator() as generator:
        taken = generator.ask(predict, bodies, concurrency=32, seconds=2.0)
    print(taken.rate, taken.percentile(50), taken.cpu_s / taken.answered)

    Target("http", "127.0.0.1:5000", "/predict", {"content-type": "image/png"})

`concurrency` calls are kept in flight over `connections` connections (HTTP/1.1:
one each). With `rate` calls come at random instead, so many a second (Poisson),
however slow the answers are, and latencies count from when a call was due.
"""

import asyncio
import itertools
import multiprocessing
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, Self

import numpy as np
import uvloop
from numpy.typing import NDArray

from benchmarks.speed.connections import Connections, GrpcConnections, HttpConnections, Refused

PATIENCE_S = 60.0
"""How long the last answers may take."""


@dataclass(frozen=True)
class Target:
    """Whom to ask: `host:port`, and the full gRPC method or the HTTP path (with headers)."""

    kind: Literal["grpc", "http"]
    address: str
    method: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """What came of it.

    `latencies` are those of the good answers in seconds; `seconds` pass from the
    first call to the last answer, `cpu_s` is the generator's own processor time
    in them. `warm` calls were answered well before. `faults` counts gRPC codes
    or HTTP statuses of the failed; `replies` holds the last answer to each body
    by its index.
    """

    latencies: NDArray[np.float64]
    seconds: float
    cpu_s: float
    warm: int
    faults: dict[str, int]
    replies: dict[int, bytes]

    @property
    def calls(self) -> int:
        """Calls that were answered well in `seconds`."""
        return len(self.latencies)

    @property
    def failed(self) -> int:
        """Calls that were not answered well, those before the measurement too."""
        return sum(self.faults.values())

    @property
    def answered(self) -> int:
        """All calls that were answered well: as many as the server must have counted."""
        return self.calls + self.warm

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return self.calls / self.seconds

    def percentile(self, percent: float) -> float:
        """The latency in seconds that so many percent of the calls did not exceed."""
        return float(np.percentile(self.latencies, percent)) if self.calls else float("nan")


class Generator:
    """The process; it lives until `close`, so that it starts once for many measurements."""

    def __init__(self) -> None:
        # Spawned, as gRPC does not survive a fork.
        spawn = multiprocessing.get_context("spawn")
        self._process = ProcessPoolExecutor(1, mp_context=spawn)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(
        self,
        target: Target,
        bodies: Sequence[bytes],
        *,
        concurrency: int = 32,
        seconds: float = 2.0,
        connections: int = 8,
        rate: float | None = None,
        seed: int = 0,
    ) -> Taken:
        """Ask with the bodies in turn for so long; returns when the last answer is there.

        `rate` is in calls a second, `seed` that of its arrivals. Each of the
        `concurrency` asks once before the time is taken.
        """
        plan = _Plan(target, bodies, concurrency, seconds, connections, rate, seed)
        return self._process.submit(_ask, plan).result()

    def close(self) -> None:
        self._process.shutdown()


@dataclass(frozen=True)
class _Plan:
    """What `Generator.ask` was told."""

    target: Target
    bodies: Sequence[bytes]
    concurrency: int
    seconds: float
    connections: int
    rate: float | None
    seed: int


class _Asking:
    """One measurement in the making."""

    def __init__(self, connections: Connections, bodies: Sequence[bytes]) -> None:
        self._connections = connections
        self._bodies = bodies
        self._turns = itertools.cycle(range(len(bodies)))
        self.latencies: list[float] = []
        self.faults: Counter[str] = Counter()
        self.replies: dict[int, bytes] = {}

    async def once(self, line: int, due: float) -> None:
        turn = next(self._turns)
        try:
            reply = await self._connections.ask(line, self._bodies[turn])
        except Refused as refused:
            self.faults[str(refused)] += 1
        else:
            self.latencies.append(time.perf_counter() - due)
            self.replies[turn] = reply

    async def each_once(self, lines: int) -> int:
        """Ask on each line before the measurement; how many answered well."""
        now = time.perf_counter()
        await asyncio.gather(*(self.once(line, now) for line in range(lines)))
        answered = len(self.latencies)
        self.latencies.clear()
        return answered

    async def steadily(self, concurrency: int, seconds: float) -> None:
        """Keep so many calls in flight."""
        until = time.perf_counter() + seconds

        async def again(line: int) -> None:
            while (now := time.perf_counter()) < until:
                await self.once(line, now)

        await asyncio.gather(*(again(line) for line in range(concurrency)))

    async def at_random(self, rate: float, seconds: float, seed: int) -> None:
        """Let calls come as a Poisson process does."""
        count = np.random.default_rng(seed).poisson(rate * seconds)
        arrivals = np.sort(np.random.default_rng([seed, 1]).uniform(0, seconds, count))
        start = time.perf_counter()
        async with asyncio.TaskGroup() as calls:
            for line, arrival in enumerate(arrivals.tolist()):
                if (wait := start + arrival - time.perf_counter()) > 0:
                    await asyncio.sleep(wait)
                calls.create_task(self.once(line, start + arrival))


def _ask(plan: _Plan) -> Taken:
    return _runner().run(_measured(plan))


@cache
def _runner() -> asyncio.Runner:
    """One loop for the process's life, as gRPC binds itself to it."""
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


async def _measured(plan: _Plan) -> Taken:
    connections = await _connect(plan.target, min(plan.connections, plan.concurrency))
    asking = _Asking(connections, plan.bodies)
    try:
        async with asyncio.timeout(plan.seconds + PATIENCE_S):
            warm = await asking.each_once(plan.concurrency)
            start, cpu = time.perf_counter(), time.process_time()
            if plan.rate is None:
                await asking.steadily(plan.concurrency, plan.seconds)
            else:
                await asking.at_random(plan.rate, plan.seconds, plan.seed)
            seconds, cpu_s = time.perf_counter() - start, time.process_time() - cpu
    finally:
        await connections.close()
    return Taken(
        latencies=np.array(asking.latencies),
        seconds=seconds,
        cpu_s=cpu_s,
        warm=warm,
        faults=dict(asking.faults),
        replies=asking.replies,
    )


async def _connect(target: Target, count: int) -> Connections:
    if target.kind == "grpc":
        return await GrpcConnections.open(target.address, target.method, count)
    return HttpConnections(target.address, target.method, target.headers)
