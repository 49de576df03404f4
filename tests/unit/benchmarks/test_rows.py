"""The table of promises: a row says what was measured and whether that is enough."""

import pytest

from benchmarks.rows import Row, markdown, summary


@pytest.mark.parametrize(
    ("measured", "met"),
    [
        pytest.param(0.9977, "aim", id="just the aim"),
        pytest.param(0.9970, "yes", id="just enough"),
        pytest.param(0.9969, "no, by 0.01 %", id="a picture short"),
    ],
)
def test_a_share_to_reach(measured: float, met: str) -> None:
    """More is better; the limits themselves are good enough."""
    assert Row("accuracy", 10_000, measured, 0.9970, 0.9977).met == met


@pytest.mark.parametrize(("measured", "met"), [(0, "aim"), (1, "yes"), (2, "yes"), (5, "no, by 3")])
def test_a_count_to_stay_under(measured: int, met: str) -> None:
    """Less is better; counts are shown as counts."""
    assert Row("errors", 270, measured, 2, 0, most=True).met == met


def test_without_an_aim() -> None:
    """What has no aim cannot reach it."""
    assert Row("refused", 10_000, 0.0, 0.003, most=True).met == "yes"


def test_cells() -> None:
    """Shares are percents, limits carry their direction, absent ones are empty."""
    assert Row("refused", 10_000, 0.0031, 0.003, most=True).cells() == (
        "refused",
        "10,000",
        "0.31 %",
        "≤ 0.30 %",
        "",
        "no, by 0.01 %",
    )
    assert Row("- of these", 7, 3).cells() == ("- of these", "7", "3", "", "", "")


def test_summary_counts_promises() -> None:
    """Rows that promise nothing are not counted."""
    rows = [
        Row("a", 10, 1, 2, 1, most=True),
        Row("b", 10, 0.5, 0.9),
        Row("c", 10, 0.95, 0.9),
        Row("d", 10, 4),
    ]

    assert summary(rows) == "2 of 3 met, 1 at the aim (of 1 with one)"


def test_markdown() -> None:
    """A line a row under head and rule."""
    table = markdown(("a", "b"), ("---", "--:"), [("1", "2")])

    assert table == "| a | b |\n| --- | --: |\n| 1 | 2 |"


def test_a_unit_and_an_interval() -> None:
    """What is no share says its unit, and a median between what it lies."""
    row = Row("start", 10, 0.51, 0.6, 0.4, most=True, unit="s", between=(0.5, 0.55))

    assert row.cells()[2:5] == ("0.51 s (0.50 s - 0.55 s)", "≤ 0.60 s", "≤ 0.40 s")
    assert Row("ratio", 10, 0.916, unit="").cells()[2] == "0.92"
