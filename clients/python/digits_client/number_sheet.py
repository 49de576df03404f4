"""The sheet of numbers: each picture with what was read in it drawn on, worst first."""

from collections.abc import Iterator
from functools import partial
from html import escape

from digits_client import sheet
from digits_client.annotation import annotated
from digits_client.folder import visible
from digits_client.number_figures import NumberAnswer, NumberEvaluation
from digits_client.number_report import summary
from digits_client.results import percent

_SIDE = 640
"""Pixels of a picture's longer side: twice what the page shows, for dense screens."""


def page(evaluation: NumberEvaluation, most: int) -> Iterator[str]:
    """Yield the page: the reader's figures and at most `most` pictures, worst first.

    Nothing in it comes from elsewhere. The pictures are drawn on with Pillow.
    """
    yield from sheet.head(
        "What the reader read",
        "Each picture with a box round each character that was found; below, what it shows → "
        "what was read, the rows apart by /. A dash stands for no number.",
    )
    cards = [sheet.Card(_kind(a), _rank(a), partial(_figure, a)) for a in evaluation.answers]
    yield from sheet.section(summary(evaluation), cards, evaluation.failures, most, "sheet wide")
    yield sheet.FOOT


def _kind(answer: NumberAnswer) -> int:
    """Return the answer's place in the kinds of a sheet."""
    if answer.right:
        return 2 if answer.wanted and not answer.accepted else 3
    return 0 if answer.accepted else 1


def _rank(answer: NumberAnswer) -> float:
    """Return what sorts the worst answers of a kind first."""
    confidence = answer.number.confidence
    if not answer.right:
        return -confidence
    return confidence if answer.wanted else 1 - confidence


def _figure(answer: NumberAnswer) -> str:
    sample, number = answer.sample, answer.number
    truth, given = (" / ".join(rows) or "-" for rows in (answer.wanted, answer.given))
    verdict = "accepted" if answer.accepted else f"refused: {number.reason}"
    picture = sheet.shown(
        sample.path,
        lambda content: ("png", sheet.thumbnail(annotated(content, number), _SIDE)),
    )
    return (
        f"<figure><div>{picture}</div>"
        f"<figcaption><b>{truth} → {given}</b> {percent(number.confidence)}, "
        f"{escape(verdict)}<span>{escape(visible(sample.file))}</span></figcaption></figure>\n"
    )
