"""How long calls take that come at random, half as many as the server can answer.

The generator does not wait for answers before it sends on, and a latency counts
from when the call was due: a server that stalls is not spared the calls that
meanwhile came.
"""

from statistics import median

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import interval
from benchmarks.speed.payload import payloads
from benchmarks.speed.predict import LOADED
from benchmarks.speed.proc import Ticks
from benchmarks.speed.report import Section, promise

WANTED = (5.0, 3.0)
PEAKS = 3


def report(bench: Bench, seconds: float) -> Section:
    """So many seconds for each payload."""
    rows, lines = [], []
    for payload in payloads(bench.data):
        subject = bench.subject(bench.server, "Predict", payload.check)
        peaks = [
            subject.ask(
                bench.generator, payload.requests, concurrency=LOADED, seconds=bench.seconds
            ).rate
            for _ in range(PEAKS)
        ]
        before = Ticks.now()
        taken = subject.ask(
            bench.generator, payload.requests, rate=median(peaks) / 2, seconds=seconds
        )
        stolen = Ticks.now().stolen_since(before)
        what = f"p99 over p50 at half the peak, {payload.name}"
        rows.append(promise(what, 1, interval([taken.p99 / taken.p50]), *WANTED, most=True))
        lines.append(
            (
                payload.name,
                f"{median(peaks):,.0f}",
                f"{taken.rate:,.0f}",
                f"{taken.p50 * 1e3:.2f}",
                f"{taken.p99 * 1e3:.2f}",
                f"{taken.failed:,}",
                f"{stolen:.1%}",
            )
        )
    head = ("what", "peak a second", "asked a second", "p50 ms", "p99 ms", "failed", "stolen")
    note = f"Calls come as a Poisson process does, for {seconds:.0f} s."
    return Section("Half the peak", rows, head, lines, note)
