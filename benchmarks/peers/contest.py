"""All servers, each asked in its turn while the others idle."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
from digits_core import bundle

from benchmarks.peers import replies
from benchmarks.peers.contestants import PEERS, WORKERS, Peer
from benchmarks.peers.environment import SERVERS, Environment, Running, running
from benchmarks.serving import own_server
from benchmarks.speed.bench import SERVICE, Check, Subject
from benchmarks.speed.load import Generator, Target
from benchmarks.speed.payload import RAW, Payload, payloads
from benchmarks.speed.proc import family
from benchmarks.speed.rounds import Measure

CONCURRENCY = 32
START_S = 120.0
PAUSE_S = 0.2


class Contest:
    """The load generator, our server and the peers'; all end with it.

    `seconds` are those of a measure. Pictures come from `data`, or are drawn
    without it. `python` is the interpreter of our server.
    """

    def __init__(self, python: Path, data: Path | None, seconds: float) -> None:
        self._python = python
        self._seconds = seconds
        self._payloads = {payload.name: payload for payload in payloads(data)}
        self._model = bundle.find() / "model.onnx"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._generator = stack.enter_context(Generator())
            self._server = stack.enter_context(own_server(self._python, workers=WORKERS))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def address(self) -> str:
        """That of our server."""
        return self._server.address

    def ours(self) -> dict[str, Measure]:
        """Our server with each of the payloads, by the payload's name."""
        pids = family(self._server.pid)
        target = Target("grpc", self._server.address, f"{SERVICE}/Predict")
        return {
            name: self._asking(Subject(target, pids, check=payload.check), payload.requests)
            for name, payload in self._payloads.items()
        }

    def theirs(self, peers: Sequence[Peer] = PEERS) -> dict[str, Measure]:
        """Start the peers; each with the payload that it is asked with, by the peer's name."""
        return {peer.name: self._started(peer) for peer in peers}

    def _started(self, peer: Peer) -> Measure:
        model = self._untrained() if peer.untrained else self._model
        command, target = peer.start(model)
        server = self._stack.enter_context(running(peer.environment, command))
        requests, check = self._sent(self._payloads[peer.asked])
        self._wait(peer.name, server, target, requests)
        subject = Subject(target, family(server.process.pid), check=check)
        return self._asking(subject, requests)

    def _sent(self, payload: Payload) -> tuple[Sequence[bytes], Check]:
        """What a peer is sent, and how its replies are checked."""
        if payload.name != RAW:
            return payload.pictures, replies.some_logits
        expected = replies.logits(self._model, payload.pictures)
        return self._kserve(payload.pictures), replies.same_logits(expected)

    def _kserve(self, pictures: Sequence[bytes]) -> Sequence[bytes]:
        """Requests for pictures of 784 bytes; the stubs need an older protobuf than ours."""
        into, out = self._folder / "pictures.npy", self._folder / "requests"
        np.save(into, np.frombuffer(b"".join(pictures), np.uint8).reshape(-1, 28, 28))
        python = Environment("triton").python
        subprocess.run([python, "-P", SERVERS / "kserve.py", into, out], check=True)
        with out.open("rb") as file:
            sizes = iter(lambda: file.read(4), b"")
            return [file.read(int.from_bytes(size, "little")) for size in sizes]

    def _untrained(self) -> Path:
        path = self._folder / "cnn.keras"
        subprocess.run([sys.executable, SERVERS / "untrained.py", path], check=True)
        return path

    def _wait(self, name: str, server: Running, target: Target, requests: Sequence[bytes]) -> None:
        """Return once the server answers; all its processes do soon after."""
        until = time.monotonic() + START_S
        while True:
            try:
                if not self._generator.ask(target, requests[:1], concurrency=1, seconds=0).failed:
                    return
            except TimeoutError:
                pass
            if server.ended or time.monotonic() > until:
                sys.exit(f"{name} does not serve:\n{server.log.read_text()}")
            time.sleep(PAUSE_S)

    def _asking(self, subject: Subject, requests: Sequence[bytes]) -> Measure:
        return partial(
            subject.ask,
            self._generator,
            requests,
            concurrency=CONCURRENCY,
            seconds=self._seconds,
        )
