"""Numbers as the command line shows them: objects of JSON and lines for people."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from digits_client.answers import Number, NumberDigit
from digits_client.folder import visible
from digits_client.results import percent

NO_DIGIT = "?"
"""What stands for a character that is no digit."""


def answer(number: Number) -> dict[str, Any]:
    """Return a number with the REST API's keys."""
    return {
        "text": number.text,
        "confidence": number.confidence,
        "reason": number.reason,
        "digits": [
            {
                "digit": digit.digit,
                "confidence": digit.confidence,
                "accepted": digit.accepted,
                "box": [digit.box.x, digit.box.y, digit.box.width, digit.box.height],
                "row": digit.row,
                "alternatives": [
                    {"digit": other.digit, "confidence": other.confidence}
                    for other in digit.alternatives
                ],
            }
            for digit in number.digits
        ],
    }


def lines(path: str, number: Number) -> Iterator[str]:
    """Yield a number for people: the file, the rows, the confidence, a refusal.

    Several rows have a line each below the first. Then comes a line for each
    character that is no digit, a question mark in its row, or a doubtful one.
    """
    shown = rows(number)
    inline = shown[0] if len(shown) == 1 else "-" if not shown else f"{len(shown)} rows"
    verdict = "" if number.reason is None else f"  not accepted: {number.reason}"
    yield f"{visible(path)}  {inline}  {percent(number.confidence)}{verdict}"
    if len(shown) > 1:
        yield from (f"  {row}" for row in shown)
    for digit in number.digits:
        if not digit.accepted:
            yield f"  {_doubt(digit)}"


def rows(number: Number) -> list[str]:
    """Return the rows of a number, what is no digit in its place among the digits."""
    texts = iter(number.text.splitlines())
    shown = []
    for _, characters in groupby(number.digits, key=lambda digit: digit.row):
        row = list(characters)
        rest = next(texts, "") if any(digit.digit is not None for digit in row) else ""
        line = ""
        for digit in row:
            if digit.digit is None:
                line += NO_DIGIT
            else:
                gap, _, rest = rest.partition(str(digit.digit))
                line += f"{gap}{digit.digit}"
        shown.append(line)
    return shown


def _doubt(digit: NumberDigit) -> str:
    """Say what a character is, as far as is known, and where it stands."""
    box = digit.box
    others = ", ".join(
        f"{other.digit} ({percent(other.confidence)})" for other in digit.alternatives
    )
    what = (
        f"{NO_DIGIT}  no digit, {percent(digit.confidence)}"
        if digit.digit is None
        else f"{digit.digit}  unsure, {percent(digit.confidence)}"
    )
    place = f"at x {box.x}, y {box.y}, {box.width} x {box.height} pixels"
    return f"{what}{f', perhaps {others}' if others else ''}, {place}"
