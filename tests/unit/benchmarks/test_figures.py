"""The arithmetic behind the tables of the speed benchmark."""

import pytest

from benchmarks.speed.figures import busiest, in_turn, interval


def test_the_interval_holds_the_median() -> None:
    """One round that something else slowed moves neither the median nor the interval far."""
    found = interval([10.0, 11.0, 12.0, 11.0, 10.0, 11.0, 12.0, 11.0, 11.0, 3.0])

    assert found.median == 11
    assert 10 <= found.low <= 11 <= found.high <= 12


def test_the_interval_is_the_same_again() -> None:
    """It resamples, but from a seed."""
    values = [1.0, 5.0, 2.0, 8.0, 3.0]

    assert interval(values) == interval(values)


def test_the_interval_of_one_round() -> None:
    """One value says nothing of the spread."""
    found = interval([4.0])

    assert (found.median, found.low, found.high) == (4, 4, 4)


def test_the_limit_of_two_things_in_turn() -> None:
    """A call of 1 ms around a picture of 3 ms: 250 a second."""
    assert in_turn(no_op=1000, in_process=1000 / 3) == pytest.approx(250)


def test_the_share_of_the_busiest() -> None:
    """Three calls of four went to one worker."""
    assert busiest({"0": 1, "1": 3}) == 0.75
