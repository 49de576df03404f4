"""What a part of the benchmark has to say, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.rows import HEAD, RULES, Row, markdown, summary
from benchmarks.speed.figures import Interval

Lines = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """A part's promises, and its figures in full below its title."""

    title: str
    rows: Sequence[Row]
    head: Sequence[str] = ()
    lines: Lines = ()
    note: str = ""

    def text(self) -> str:
        """The figures as Markdown."""
        parts = [f"## {self.title}"]
        if self.lines:
            rules = ("---", *("--:",) * (len(self.head) - 1))
            parts.append(markdown(self.head, rules, self.lines))
        return "\n\n".join([*parts, *([self.note] if self.note else [])])


def promises(sections: Sequence[Section]) -> str:
    """Every promise, and how many are kept."""
    rows = [row for section in sections for row in section.rows]
    return f"{markdown(HEAD, RULES, [row.cells() for row in rows])}\n\n{summary(rows)}"


def promise(
    what: str,
    rounds: int,
    measured: Interval,
    least: float | None = None,
    aim: float | None = None,
    *,
    most: bool = False,
    unit: str = "",
    decimals: int = 2,
) -> Row:
    """A row of a median with its interval, where there were several rounds."""
    return Row(
        what,
        rounds,
        measured.median,
        least,
        aim,
        most=most,
        decimals=decimals,
        unit=unit,
        between=(measured.low, measured.high) if rounds > 1 else None,
    )


def ranged(measured: Interval, scale: float = 1, decimals: int = 0) -> str:
    """A median with its interval, in units of 1 / `scale`."""
    shown = [
        f"{value * scale:,.{decimals}f}" for value in (measured.median, measured.low, measured.high)
    ]
    return f"{shown[0]} ({shown[1]} - {shown[2]})"
