"""The guard: what is much slower than it was fails, what a busy machine slows does not."""

import json

from benchmarks.speed.guard import STORED, missing, quickest
from benchmarks.speed.payload import PNG, RAW
from benchmarks.speed.rounds import Sample


def _sample(rate: float) -> Sample:
    return Sample(rate=rate, p50=1, p99=1)


def test_much_less_than_stored() -> None:
    """Only the payload that lost more than four tenths is named."""
    assert missing({"a": 0.59, "b": 0.61}, {"a": 1.0, "b": 1.0}) == ["a"]


def test_the_quickest_of_each_measure() -> None:
    """They need not be of the same round."""
    rounds = [{"a": _sample(1), "b": _sample(2)}, {"a": _sample(2), "b": _sample(1)}]

    assert {name: sample.rate for name, sample in quickest(rounds).items()} == {"a": 2, "b": 2}


def test_what_is_stored() -> None:
    """There is a mark for each payload."""
    assert set(json.loads(STORED.read_text())) == {RAW, PNG}
