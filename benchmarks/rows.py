"""Rows of the table of what the models must show: measured against wanted."""

from collections.abc import Sequence
from dataclasses import dataclass

HEAD = ("what", "n", "measured", "at least", "aim", "met")
RULES = ("---", "--:", "--:", "--:", "--:", "---")


@dataclass(frozen=True, slots=True)
class Row:
    """One promise. Shares lie in 0 to 1, the rest are counts; `aim` is what is hoped for.

    `most` says that less is better: `least` and `aim` are then upper limits.
    `n` counts pictures or rounds; `decimals` are those shown of a share's
    percents, or of what has another `unit`. `between` is the 95 % interval of
    what was measured.
    """

    what: str
    n: int
    measured: float
    least: float | None = None
    aim: float | None = None
    most: bool = False
    decimals: int = 2
    unit: str = "%"
    between: tuple[float, float] | None = None

    @property
    def met(self) -> str:
        """`aim`, `yes`, or `no, by` how much; nothing where nothing is wanted."""
        if self.least is None:
            return ""
        if self._short_of(self.least) > 0:
            return f"no, by {self._shown(self._short_of(self.least))}"
        return "aim" if self.aim is not None and self._short_of(self.aim) <= 0 else "yes"

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of `HEAD`."""
        sign = "≤ " if self.most else "≥ "
        wanted = ["" if w is None else sign + self._shown(w) for w in (self.least, self.aim)]
        measured = self._shown(self.measured)
        if self.between:
            measured += f" ({' - '.join(map(self._shown, self.between))})"
        return (self.what, f"{self.n:,}", measured, *wanted, self.met)

    def _short_of(self, wanted: float) -> float:
        # Rounded, so that 0.9970 of 10,000 is not short of 0.997 by a bit of the mantissa.
        return round(self.measured - wanted if self.most else wanted - self.measured, 9)

    def _shown(self, value: float) -> str:
        if isinstance(value, int):
            return f"{value}"
        scaled = value * 100 if self.unit == "%" else value
        return f"{scaled:.{self.decimals}f} {self.unit}".rstrip()


def markdown(head: Sequence[str], rules: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rules, *lines))


def summary(rows: Sequence[Row]) -> str:
    """How many promises are kept."""
    wanted = [row for row in rows if row.met]
    kept = sum(row.met in {"aim", "yes"} for row in wanted)
    return (
        f"{kept} of {len(wanted)} met, {sum(row.met == 'aim' for row in wanted)} at the aim "
        f"(of {sum(row.aim is not None for row in wanted)} with one)"
    )
