"""Tests and intervals against values that others worked out, or that can be by hand."""

import numpy as np
import pytest
from digits_core.metrics import wilson_interval
from digits_train.statistics import bootstrap_interval, mcnemar


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [
        pytest.param(0, 0, 1.0, id="never apart"),
        pytest.param(0, 1, 1.0, id="once apart"),
        pytest.param(5, 5, 1.0, id="evenly apart"),
        pytest.param(0, 6, 2 / 64, id="six to none"),
        pytest.param(1, 9, 2 * (1 + 10) / 1024, id="nine to one"),
        pytest.param(59, 121, 4.43445e-06, id="many, by scipy.stats.binomtest"),
    ],
)
def test_mcnemar(only_first: int, only_second: int, p: float) -> None:
    """The p-value is twice the smaller tail of a fair coin, at most 1, whichever comes first."""
    assert mcnemar(only_first, only_second) == pytest.approx(p, rel=1e-5)
    assert mcnemar(only_second, only_first) == mcnemar(only_first, only_second)


def test_mcnemar_of_thousands() -> None:
    """Counts beyond what floats hold as powers of two still have a p-value."""
    assert 0 <= mcnemar(3_000, 4_000) < 1e-30


def test_wilson_interval() -> None:
    """Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662, 0 of 20 gives 0 to 0.1611."""
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(0, 20) == pytest.approx((0, 0.1611), abs=1e-4)


def test_bootstrap_of_singles_is_binomial() -> None:
    """Where every picture is its own source, the interval is the binomial's."""
    right = np.arange(400) < 360
    low, high = bootstrap_interval(right, np.arange(400).astype(str))

    assert (low, high) == pytest.approx((0.9 - 0.0294, 0.9 + 0.0294), abs=0.005)


def test_bootstrap_of_sources_is_wider() -> None:
    """Where sources are all right or all wrong, there are as many draws as sources."""
    sources = np.repeat(np.arange(20), 20).astype(str)
    right = np.repeat(np.arange(20) < 18, 20)
    low, high = bootstrap_interval(right, sources)

    assert low == pytest.approx(0.75, abs=0.03)
    assert high == 1.0


def test_bootstrap_of_certainty() -> None:
    """Nothing wrong leaves nothing to draw."""
    assert bootstrap_interval(np.ones(9, bool), np.arange(9).astype(str)) == (1.0, 1.0)
