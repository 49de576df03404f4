"""Charts as SVG elements, drawn by hand: no library, no font, no address."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 30, 46
GREY = "#666"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Told apart by the colour-blind, too (Okabe and Ito 2008)."""
DASHES = ("", "7 3", "2 3", "9 3 2 3")


@dataclass(frozen=True, slots=True)
class Series:
    """Points joined by a line; `points` draws them as dots alone, at any number of them."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    points: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """A label and, where they are not the data's, the ends. `share` prints percents."""

    label: str
    low: float | None = None
    high: float | None = None
    logarithmic: bool = False
    share: bool = False


class _Scale:
    """Where the values of an axis lie between two ends in pixels."""

    def __init__(self, axis: Axis, values: Sequence[float], start: float, end: float) -> None:
        self.axis = axis
        low = min(values) if axis.low is None else axis.low
        high = max(values) if axis.high is None else axis.high
        self._start, self._end = start, end
        if axis.logarithmic:
            self._low, self._high = math.log10(low), math.log10(high)
        else:
            self._low, self._high = low, high
        if self._low == self._high:
            self._high = self._low + 1

    def at(self, value: float) -> float:
        value = math.log10(max(value, 1e-12)) if self.axis.logarithmic else value
        part = (value - self._low) / (self._high - self._low)
        # What lies beyond an axis' end is drawn on it.
        return self._start + min(1.0, max(0.0, part)) * (self._end - self._start)

    def ticks(self) -> list[tuple[float, str]]:
        if self.axis.logarithmic:
            powers = range(math.ceil(self._low - 1e-9), math.floor(self._high + 1e-9) + 1)
            values = [10.0**power for power in powers]
        else:
            step = _round_step((self._high - self._low) / 5)
            first = math.ceil(self._low / step - 1e-9)
            last = math.floor(self._high / step + 1e-9)
            values = [step * k for k in range(first, last + 1)]
        return [(self.at(value), self._shown(value)) for value in values]

    def _shown(self, value: float) -> str:
        return f"{100 * value:.6g} %" if self.axis.share else f"{value:,.10g}"


def lines(series: Sequence[Series], x: Axis, y: Axis) -> str:
    """A chart of lines over two axes, with a legend above."""
    across = _Scale(x, [v for s in series for v in s.x], LEFT, WIDTH - RIGHT)
    up = _Scale(y, [v for s in series for v in s.y], HEIGHT - BOTTOM, TOP)
    parts = [_axes(across, up)]
    legend = float(LEFT)
    for index, one in enumerate(series):
        colour, dash = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
        places = [(across.at(a), up.at(b)) for a, b in zip(one.x, one.y, strict=True)]
        dots = one.points or len(places) == 1
        if dots:
            parts += [_dot(a, b, colour) for a, b in places]
        else:
            joined = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
            parts.append(
                f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2" '
                f'stroke-dasharray="{dash}"/>'
            )
        mark = (
            f'<line x1="{legend:.0f}" x2="{legend + 24:.0f}" y1="14" y2="14" stroke="{colour}" '
            f'stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        parts.append(_dot(legend + 12, 14, colour) if dots else mark)
        parts.append(_text(legend + 30, 18, one.name, "start"))
        legend += 48 + 6.6 * len(one.name)
    return _svg(WIDTH, HEIGHT, parts)


def matrix(counts: NDArray[np.integer], rows: Sequence[str], columns: Sequence[str]) -> str:
    """Counts int[R, C] as a square grid, the more off the diagonal the darker.

    `rows` are what was shown, `columns` what was answered.
    """
    side, left, top = 40, 70, 44
    mistakes = counts.copy()
    np.fill_diagonal(mistakes, 0)
    most = max(1, int(mistakes.max()))
    parts = [
        _text(left + side * len(columns) / 2, 14, "answered"),
        f'<g transform="rotate(-90)">{_text(-(top + side * len(rows) / 2), 16, "shown")}</g>',
    ]
    parts += [_text(left + side * (k + 0.5), top - 8, name) for k, name in enumerate(columns)]
    for row, name in enumerate(rows):
        y = top + side * row
        parts.append(_text(left - 8, y + side * 0.62, name, "end"))
        for column in range(len(columns)):
            count = int(counts[row, column])
            right = row == column
            fill = "#009e73" if right else "#d55e00"
            strength = 0.25 if right else 0.85 * int(mistakes[row, column]) / most
            x = left + side * column
            parts.append(
                f'<rect x="{x}" y="{y}" width="{side - 1}" height="{side - 1}" fill="{fill}" '
                f'fill-opacity="{strength:.2f}" stroke="#ccc"/>'
            )
            if count:
                parts.append(_text(x + side / 2, y + side * 0.62, f"{count}"))
    return _svg(left + side * len(columns) + 10, top + side * len(rows) + 10, parts)


def _axes(across: _Scale, up: _Scale) -> str:
    base, end = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for x, shown in across.ticks():
        parts.append(_line(x, base, x, base + 5))
        parts.append(_text(x, base + 19, shown))
    for y, shown in up.ticks():
        parts.append(_line(LEFT, y, end, y, "#ddd"))
        parts.append(_text(LEFT - 7, y + 4, shown, "end"))
    parts.append(_line(LEFT, base, end, base))
    parts.append(_text((LEFT + end) / 2, HEIGHT - 8, across.axis.label))
    middle = (TOP + base) / 2
    parts.append(f'<g transform="rotate(-90)">{_text(-middle, 13, up.axis.label)}</g>')
    return "".join(parts)


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = GREY) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="1"/>'
    )


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#222">{escape(text)}</text>'


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12"><rect width="{width}" height="{height}" '
        f'fill="#fff"/>{"".join(parts)}</svg>'
    )


def _round_step(step: float) -> float:
    """The least of 1, 2, 2.5 and 5 times a power of ten that is not below `step`."""
    power: float = 10.0 ** math.floor(math.log10(step))
    return next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= step * 0.999)
