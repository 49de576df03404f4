"""One picture a call, beside what no server of this kind can exceed on this machine."""

from functools import partial

from benchmarks.serving import Running
from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import in_turn
from benchmarks.speed.payload import PNG, RAW, Payload, payloads
from benchmarks.speed.report import Section, promise, ranged
from benchmarks.speed.rounds import Measure, Round, Rounds

CONCURRENCIES = (1, 8, 32, 128)
LOADED = 32
"""The concurrency at which a server is compared with its limit."""

WANTED = {RAW: (0.80, 0.92), PNG: (0.85, 0.95)}
ALONE = 1.4, 1.15
"""Of one call after the other: a call, over what its transport and its picture take."""

HEAD = (
    *("what", "a second", "p50 ms", "p99 ms", "server us", "generator us", "failed"),
    "busiest worker",
)


def measures(bench: Bench) -> dict[str, Measure]:
    """Every concurrency, the limits, and at concurrency 1 the limits of a call by itself."""
    return {
        **loaded(bench),
        **{
            served(payload.name, concurrency): asking(bench, bench.server, payload, concurrency)
            for payload in payloads(bench.data)
            for concurrency in CONCURRENCIES
        },
        **_alone(bench),
    }


def loaded(bench: Bench) -> dict[str, Measure]:
    """Server, no-op and in-process under load."""
    found: dict[str, Measure] = {}
    for payload in payloads(bench.data):
        found[served(payload.name, LOADED)] = asking(bench, bench.server, payload, LOADED)
        found[_no_op(payload.name, LOADED)] = _asking_no_op(bench, payload, LOADED)
        found[_in_process(payload.name)] = partial(
            bench.cores.measure, payload.task, payload.pictures, seconds=bench.seconds
        )
    return found


def one_core(bench: Bench) -> dict[str, Measure]:
    """The server of one worker on one core, under the same load."""
    return {
        on_one_core(payload.name): asking(bench, bench.one_core, payload, LOADED)
        for payload in payloads(bench.data)
    }


def asking(bench: Bench, server: Running, payload: Payload, concurrency: int) -> Measure:
    """The measure of a server with so many calls in flight."""
    return partial(
        bench.subject(server, "Predict", payload.check).ask,
        bench.generator,
        payload.requests,
        concurrency=concurrency,
        seconds=bench.seconds,
    )


def served(payload: str, concurrency: int) -> str:
    """The name of the measure."""
    return f"{payload}, {concurrency} in flight"


def on_one_core(payload: str) -> str:
    """The name of the measure of one worker."""
    return f"{served(payload, LOADED)}, one worker on one core"


def of_limit(payload: str, samples: Round) -> float:
    """The server's rate as a part of L, in one round."""
    return samples[served(payload, LOADED)].rate / _limit(payload, samples)


def report(rounds: Rounds) -> Section:
    """The promises about a call, and every measure."""
    count = len(rounds.kept)
    names = (RAW, PNG)
    rows = [
        promise(
            f"Predict, {name}, {LOADED} in flight: of the limit L",
            count,
            rounds.each(partial(of_limit, name)),
            *WANTED[name],
        )
        for name in names
    ]
    rows.append(
        promise(
            "Predict, raw 28x28, alone: p50 of a call over p50 of no-op call and picture",
            count,
            rounds.each(_over_parts),
            *ALONE,
            most=True,
        )
    )
    measured = [
        *(served(name, concurrency) for name in names for concurrency in CONCURRENCIES),
        *(_no_op(name, LOADED) for name in names),
        _no_op(RAW, 1),
        *(_in_process(name) for name in names),
        f"{_in_process(RAW)}, alone",
    ]
    limits = ", ".join(f"{ranged(rounds.each(partial(_limit, name)))} for {name}" for name in names)
    note = f"L = 1 / (1 / no-op + 1 / in-process): {limits}."
    return Section(
        "One picture a call", rows, HEAD, [line(rounds, name) for name in measured], note
    )


def line(rounds: Rounds, name: str) -> tuple[str, ...]:
    """A measure as a line of the table; in process there is no generator, and no worker."""
    load = rounds.each(lambda samples: samples[name].load_cpu)
    return (
        name,
        ranged(rounds.rate(name)),
        ranged(rounds.each(lambda samples: samples[name].p50), 1e3, 2),
        ranged(rounds.each(lambda samples: samples[name].p99), 1e3, 2),
        ranged(rounds.each(lambda samples: samples[name].server_cpu), 1e6),
        ranged(load, 1e6) if load.median else "",
        f"{rounds.failed(name):,}" if load.median else "",
        rounds.busiest(name),
    )


def _limit(payload: str, samples: Round) -> float:
    return in_turn(samples[_no_op(payload, LOADED)].rate, samples[_in_process(payload)].rate)


def _over_parts(samples: Round) -> float:
    parts = samples[_no_op(RAW, 1)].p50 + samples[f"{_in_process(RAW)}, alone"].p50
    return samples[served(RAW, 1)].p50 / parts


def _alone(bench: Bench) -> dict[str, Measure]:
    raw = payloads(bench.data)[0]
    return {
        _no_op(RAW, 1): _asking_no_op(bench, raw, 1),
        f"{_in_process(RAW)}, alone": partial(
            bench.alone.measure, raw.task, raw.pictures, seconds=bench.seconds
        ),
    }


def _asking_no_op(bench: Bench, payload: Payload, concurrency: int) -> Measure:
    return partial(
        bench.no_op.ask,
        bench.generator,
        payload.requests,
        concurrency=concurrency,
        seconds=bench.seconds,
    )


def _no_op(payload: str, concurrency: int) -> str:
    return f"no-op, {served(payload, concurrency)}"


def _in_process(payload: str) -> str:
    return f"in process, {payload}"
