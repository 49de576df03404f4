"""Rounds: every measure once in each, in any order, and none that neighbours disturbed."""

from collections.abc import Callable, Iterator

from benchmarks.speed.proc import Ticks
from benchmarks.speed.rounds import Measure, Rounds, Sample, take


def _sample(rate: float) -> Sample:
    return Sample(rate=rate, p50=0.1, p99=0.2)


def _ticks(*stolen: int) -> Callable[[], Ticks]:
    """The machine's clock before and after each round, in which so many of 100 ticks are stolen."""

    def passing() -> Iterator[Ticks]:
        total, all_stolen = 0, 0
        for each in stolen:
            yield Ticks(total, all_stolen)
            total, all_stolen = total + 100, all_stolen + each
            yield Ticks(total, all_stolen)

    clock = passing()
    return lambda: next(clock)


def _counting(called: list[str]) -> dict[str, Measure]:
    def measure(name: str) -> Measure:
        def once() -> Sample:
            called.append(name)
            return _sample(len(called))

        return once

    return {name: measure(name) for name in "abc"}


def test_each_measure_once_a_round_in_changing_order() -> None:
    """A round has them all; two rounds in the same order would favour the same ones."""
    called: list[str] = []

    take(_counting(called), 10, most_stolen=0.0, ticks=_ticks(*[0] * 10))

    orders = ["".join(called[start : start + 3]) for start in range(0, 30, 3)]
    assert {"".join(sorted(order)) for order in orders} == {"abc"}
    assert len(set(orders)) > 1


def test_a_stolen_round_is_dropped_and_repeated() -> None:
    """It is counted, and another one takes its place."""
    rounds = take(_counting([]), 2, most_stolen=0.02, ticks=_ticks(0, 3, 2))

    assert (len(rounds.kept), rounds.dropped, rounds.all_dropped) == (2, 1, False)


def test_nothing_but_stolen_rounds() -> None:
    """Twice as many are tried; then these are what there is, and the report can say so."""
    rounds = take(_counting([]), 2, most_stolen=0.02, ticks=_ticks(9, 9, 9, 9))

    assert (len(rounds.kept), rounds.dropped, rounds.all_dropped) == (4, 4, True)


def test_a_figure_is_that_of_each_round() -> None:
    """The median of ratios, not the ratio of medians: each round has its own conditions."""
    rounds = Rounds([{"a": _sample(a), "b": _sample(b)} for a, b in [(1, 1), (2, 4), (9, 18)]])

    assert rounds.each(lambda samples: samples["a"].rate / samples["b"].rate).median == 0.5


def test_the_busiest_worker() -> None:
    """By the median round, and by the worst."""
    splits = [{"0": 1, "1": 1}, {"0": 3, "1": 1}, {"0": 2, "1": 3}]
    rounds = Rounds([{"a": Sample(1, 1, 1, split=split), "b": _sample(1)} for split in splits])

    assert rounds.busiest("a") == "60%, at most 75%"
    assert not rounds.busiest("b")
