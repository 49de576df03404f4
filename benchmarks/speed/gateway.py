"""What the gateway costs a request: its own processor time, the server's apart."""

import json
from functools import partial

from benchmarks.speed import bodies
from benchmarks.speed.bench import Bench, Subject
from benchmarks.speed.load import Target
from benchmarks.speed.payload import payloads
from benchmarks.speed.predict import HEAD, line
from benchmarks.speed.proc import family
from benchmarks.speed.report import Section, promise
from benchmarks.speed.rounds import Measure, Round, Rounds

IN_FLIGHT = 32
MULTIPART, BODY = "multipart form", "raw body"
WANTED = {MULTIPART: (0.45, 0.35), BODY: (0.30, 0.20)}
"""Milliseconds."""
NOTE = (
    "Server us are the gateway's own here, under load, nothing subtracted; the server behind it "
    "and the generator have theirs besides."
)


def measures(bench: Bench) -> dict[str, Measure]:
    """PNG files as a browser's form sends them, and as the body itself."""
    png = payloads(bench.data)[1]
    form = {"content-type": f"multipart/form-data; boundary={bodies.BOUNDARY}"}
    sent = {
        MULTIPART: (form, [bodies.multipart(file) for file in png.pictures]),
        BODY: ({"content-type": "image/png"}, png.pictures),
    }

    def check(index: int, reply: bytes) -> bool:
        return bool(json.loads(reply)["prediction"] == png.digits[index])

    return {
        _name(how): partial(
            Subject(
                Target("http", bench.gateway.address, "/predict", headers),
                family(bench.gateway.pid),
                bench.server.log,
                check,
            ).ask,
            bench.generator,
            requests,
            concurrency=IN_FLIGHT,
            seconds=bench.seconds,
        )
        for how, (headers, requests) in sent.items()
    }


def report(rounds: Rounds) -> Section:
    """Two promises."""
    rows = [
        promise(
            f"gateway, {how}: its processor time a request",
            len(rounds.kept),
            rounds.each(partial(_own_ms, how)),
            *wanted,
            most=True,
            unit="ms",
            decimals=3,
        )
        for how, wanted in WANTED.items()
    ]
    lines = [line(rounds, name) for name in map(_name, WANTED)]
    return Section("The gateway", rows, HEAD, lines, NOTE)


def _own_ms(how: str, samples: Round) -> float:
    return samples[_name(how)].server_cpu * 1e3


def _name(how: str) -> str:
    return f"POST /predict, {how}, {IN_FLIGHT} in flight"
