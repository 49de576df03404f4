"""Many values a call, on one core, beside the bare model in a loop on one core."""

from functools import partial

from digits.v1 import digits_pb2 as pb
from digits_core import Recognizer, from_pixels

from benchmarks.speed import bodies
from benchmarks.speed.bench import Bench, Check
from benchmarks.speed.predict import HEAD, line
from benchmarks.speed.report import Section, promise
from benchmarks.speed.rounds import Measure, Round, Rounds

SIZE, MESSAGES = 512, 8
IN_FLIGHT = 4
MODELS = ("mlp", "cnn")
WANTED = (0.80, 0.92)


def measures(bench: Bench) -> dict[str, Measure]:
    """For each model the server of one core, and `session.run` on as many pictures."""
    values = bodies.values(bench.data, SIZE * MESSAGES)
    messages = [values[start : start + SIZE] for start in range(0, len(values), SIZE)]
    found: dict[str, Measure] = {}
    for model in MODELS:
        found[_served(model)] = partial(
            bench.subject(bench.one_core, "PredictBatch", _check(messages, model)).ask,
            bench.generator,
            [bodies.predict_batch(message, model) for message in messages],
            each=SIZE,
            concurrency=IN_FLIGHT,
            seconds=bench.seconds,
        )
        found[_bare(model)] = partial(
            bench.alone.measure,
            "batch",
            [b"".join(message) for message in messages],
            seconds=bench.seconds,
            model=model,
            each=SIZE,
        )
    return found


def report(rounds: Rounds) -> Section:
    """A promise a model."""
    rows = [
        promise(
            f"PredictBatch of {SIZE} raw 28x28, {model}, on one core: of session.run alone",
            len(rounds.kept),
            rounds.each(partial(_of_bare, model)),
            *WANTED,
        )
        for model in MODELS
    ]
    names = [name(model) for model in MODELS for name in (_served, _bare)]
    note = "Rates and processor time are those of a picture, latencies those of a call."
    return Section(
        f"{SIZE} pictures a call", rows, HEAD, [line(rounds, name) for name in names], note
    )


def _of_bare(model: str, samples: Round) -> float:
    return samples[_served(model)].rate / samples[_bare(model)].rate


def _check(messages: list[list[bytes]], model: str) -> Check:
    recognizer = Recognizer.load(model)
    digits = [
        [answer.digit for answer in recognizer.recognize([*map(from_pixels, message)])]
        for message in messages
    ]

    def check(index: int, reply: bytes) -> bool:
        results = pb.PredictBatchResponse.FromString(reply).results
        answers = [result.prediction for result in results]
        read = [answer.digit if answer.HasField("digit") else None for answer in answers]
        return read == digits[index]

    return check


def _served(model: str) -> str:
    return f"PredictBatch, {model}, {IN_FLIGHT} in flight"


def _bare(model: str) -> str:
    return f"session.run, {model}"
