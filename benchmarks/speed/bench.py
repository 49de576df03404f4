"""Who takes part in a measurement, each started when it is first needed."""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

from benchmarks.serving import Event, Log, Running, cores, own_gateway, own_server
from benchmarks.speed import bodies
from benchmarks.speed.inprocess import Processes
from benchmarks.speed.load import Generator, Taken, Target
from benchmarks.speed.noop import METHOD, no_op
from benchmarks.speed.proc import cpu_s, family
from benchmarks.speed.rounds import Sample

SERVICE = "/digits.v1.DigitService"
LAG_S = 2.0
"""How long a server may take to write its last lines into its log."""

T = TypeVar("T")
Check = Callable[[int, bytes], bool]


class Wrong(Exception):
    """Something was measured that is not what it should be; the text says what."""


@dataclass(frozen=True)
class Subject:
    """Whom to ask, whose processor time to take, and whose log must have every call.

    `check` says whether a reply to the body of that index is right.
    """

    target: Target
    pids: Collection[int]
    log: Log | None = None
    check: Check = lambda _index, _reply: True

    def ask(
        self, generator: Generator, requests: Sequence[bytes], *, each: int = 1, **options: Any
    ) -> Sample:
        """Ask as `Generator.ask` does, with `each` pictures a request.

        Raises `Wrong` when every call fails, a reply is not right, or the server
        counted other calls than the generator.
        """
        if self.log:
            self.log.new()
        before = cpu_s(self.pids)
        taken = generator.ask(self.target, requests, **options)
        used = cpu_s(self.pids) - before
        self._believe(taken)
        split = _counted(self.log, taken.answered) if self.log else {}
        return Sample(
            rate=taken.rate * each,
            p50=taken.percentile(50),
            p99=taken.percentile(99),
            server_cpu=used / taken.answered / each,
            load_cpu=taken.cpu_s / taken.calls / each,
            split=split,
            failed=taken.failed,
        )

    def _believe(self, taken: Taken) -> None:
        name = f"{self.target.kind} {self.target.method}"
        if not taken.calls:
            raise Wrong(f"{name}: no call was answered: {taken.faults}")
        wrong = [index for index, reply in taken.replies.items() if not self.check(index, reply)]
        if wrong:
            raise Wrong(f"{name}: {len(wrong)} of {len(taken.replies)} replies are wrong")


class Bench:
    """The processes that ask, those that are asked, and the limits' own; all end with it.

    `workers` are those of the server, `seconds` a measure takes. Pictures come
    from `data`, or are drawn without it.
    """

    def __init__(self, python: Path, data: Path | None, workers: int, seconds: float) -> None:
        self.python = python
        self.data = data
        self.workers = workers
        self.seconds = seconds
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def generator(self) -> Generator:
        return self._open(Generator())

    @cached_property
    def server(self) -> Running:
        """The server with all its workers."""
        return self._open(own_server(self.python, workers=self.workers))

    @cached_property
    def one_core(self) -> Running:
        """Another server, of one worker, which has one core alone."""
        core = max(os.sched_getaffinity(0))
        return self._open(own_server(self.python, workers=1, core=core))

    @cached_property
    def gateway(self) -> Running:
        """The gateway before `server`."""
        return self._open(own_gateway(self.server.address, self.python))

    @cached_property
    def no_op(self) -> Subject:
        """The server that does nothing, in as many processes as `server`."""
        address, pids = self._open(no_op(bodies.answer(), self.server.workers))
        return Subject(Target("grpc", address, METHOD), pids)

    @cached_property
    def cores(self) -> Processes:
        """The pictures without a server, on every core."""
        return self._open(Processes(cores()))

    @cached_property
    def alone(self) -> Processes:
        """The same on one."""
        return self._open(Processes(1))

    def folder(self) -> Path:
        """A folder that goes when the measurement does."""
        return Path(self._open(tempfile.TemporaryDirectory()))

    def subject(self, server: Running, method: str, check: Check) -> Subject:
        """A server by one of its methods."""
        target = Target("grpc", server.address, f"{SERVICE}/{method}")
        return Subject(target, family(server.pid), server.log, check)

    def _open(self, context: AbstractContextManager[T]) -> T:
        return self._stack.enter_context(context)


def split(events: Iterable[Event]) -> Counter[str]:
    """How many calls each worker answered well, by the server's log."""
    return Counter(
        str(event.get("worker", ""))
        for event in events
        if event["event"] == "call" and event.get("code") == "OK"
    )


def _counted(log: Log, answered: int) -> Counter[str]:
    counted, until = split(log.new()), time.monotonic() + LAG_S
    while counted.total() < answered and time.monotonic() < until:
        time.sleep(0.01)
        counted += split(log.new())
    if counted.total() != answered:
        raise Wrong(f"the server counts {counted.total():,} good calls, the generator {answered:,}")
    return counted
