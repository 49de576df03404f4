"""How it scales: with cores, with the sides of a picture, and a photo of 12 megapixels."""

from functools import partial

from benchmarks.speed import bodies, predict
from benchmarks.speed.bench import Bench
from benchmarks.speed.payload import PNG, RAW, files
from benchmarks.speed.report import Section, promise
from benchmarks.speed.rounds import Measure, Round, Rounds

SIDES = {28: 64, 280: 64, 1000: 32, 4000: 8}
"""So many pictures of each side in pixels."""
IN_FLIGHT = 8
PHOTO = "in process, JPEG of 12 megapixels and 3 MB: decoded and normalised"
WANTED_MS = (60.0, 30.0)


def measures(bench: Bench) -> dict[str, Measure]:
    """PNG files of several sides, the photo, and one worker on one core beside all on all."""
    found: dict[str, Measure] = {
        PHOTO: partial(bench.alone.measure, "prepare", [bodies.photo()], seconds=bench.seconds)
    }
    for side, count in SIDES.items():
        payload = files(_png(side), bench.data, count, side)
        found[_served(side)] = predict.asking(bench, bench.server, payload, IN_FLIGHT)
    return found | predict.loaded(bench) | predict.one_core(bench)


def report(rounds: Rounds) -> Section:
    """One promise, about the photo."""
    count = len(rounds.kept)
    rows = [
        promise(
            "decoding and normalising a JPEG of 12 megapixels, 3 MB",
            count,
            rounds.each(lambda samples: samples[PHOTO].p50 * 1e3),
            *WANTED_MS,
            most=True,
            unit="ms",
            decimals=1,
        ),
        *(
            promise(
                f"- all workers over one worker on one core, {name}",
                count,
                rounds.each(partial(_over_one, name)),
            )
            for name in (RAW, PNG)
        ),
    ]
    names = [
        *map(_served, SIDES),
        PHOTO,
        *(predict.on_one_core(name) for name in (RAW, PNG)),
        *(predict.served(name, predict.LOADED) for name in (RAW, PNG)),
    ]
    lines = [predict.line(rounds, name) for name in names]
    return Section("How it scales", rows, predict.HEAD, lines)


def _over_one(payload: str, samples: Round) -> float:
    several = samples[predict.served(payload, predict.LOADED)].rate
    return several / samples[predict.on_one_core(payload)].rate


def _served(side: int) -> str:
    return predict.served(_png(side), IN_FLIGHT)


def _png(side: int) -> str:
    return f"PNG {side}x{side}"
