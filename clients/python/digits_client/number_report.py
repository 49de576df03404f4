"""An evaluation of numbers for people, as tables, and for programs, as JSON."""

from collections.abc import Sequence
from typing import Any

import typer

from digits_client.folder import visible
from digits_client.number_figures import NumberEvaluation, NumberTally
from digits_client.report import (
    aligned,
    counted,
    interval,
    named,
    percent,
    print_failures,
    refusals,
)
from digits_client.terminal import print_json


def as_text(evaluation: NumberEvaluation, by: Sequence[str], *, unlabelled: int) -> None:
    """Print the figures of the reader, by group too."""
    parts = ["\n".join(summary(evaluation)), *(_groups(evaluation, column) for column in by)]
    typer.echo("\n\n".join(parts) + "\n")
    print_failures(evaluation.failures)
    if unlabelled:
        typer.echo(f"pictures left out for want of a label: {unlabelled:,}")


def as_json(evaluation: NumberEvaluation, by: Sequence[str], *, unlabelled: int) -> None:
    """Print one object."""
    print_json(
        {
            "model": evaluation.model,
            "model_version": evaluation.version,
            "digest": evaluation.digest,
            **_figures(evaluation.tally),
            "groups": {
                column: {value: _figures(tally) for value, tally in evaluation.by(column).items()}
                for column in by
            },
            "failures": named(evaluation.failures),
            "unlabelled": unlabelled,
        }
    )


def summary(evaluation: NumberEvaluation) -> list[str]:
    """Return what there is to say about the reader in a few lines."""
    tally = evaluation.tally
    lines = [f"{evaluation.model} {evaluation.version} (SHA-256 {evaluation.digest[:12]})"]
    if tally.numbers.total:
        lines += [
            f"  numbers right          {counted(tally.numbers)}",
            f"  rows right             {counted(tally.rows)}",
            f"  digits to change       {tally.edits:,} of {tally.digits:,}, {_errors(tally)}",
            f"  accepted and wrong     {tally.wrong_accepted:,}",
            f"  refused                {refusals(tally.refused)}",
        ]
    if tally.others.total:
        lines.append(f"  no number, refused     {counted(tally.others)}")
    if tally.numbers.total:
        lines.append(f"  right among accepted   {counted(tally.accepted)}")
    if evaluation.failures:
        lines.append(f"  without an answer      {len(evaluation.failures):,}")
    return lines


def _groups(evaluation: NumberEvaluation, column: str) -> str:
    """A row a value of the column; the last two count what holds no number."""
    rows = [[f"  {visible(column)}", "numbers", "right", "95 %", "rows right", "to change"]]
    rows[0] += ["accepted wrong", "refused", "others", "refused"]
    for value, tally in evaluation.by(column).items():
        rows.append(
            [
                f"  {visible(value) or '-'}",
                f"{tally.numbers.total:,}",
                percent(tally.numbers),
                interval(tally.numbers),
                percent(tally.rows),
                _errors(tally),
                f"{tally.wrong_accepted:,}",
                f"{tally.refused.total():,}",
                f"{tally.others.total:,}",
                percent(tally.others),
            ]
        )
    return aligned(rows)


def _errors(tally: NumberTally) -> str:
    return "-" if tally.error_rate is None else f"{100 * tally.error_rate:.2f} %"


def _figures(tally: NumberTally) -> dict[str, Any]:
    return {
        "numbers": tally.numbers.total,
        "right": tally.numbers.hits,
        "accuracy": tally.numbers.value,
        "interval": tally.numbers.interval,
        "rows": tally.rows.total,
        "rows_right": tally.rows.hits,
        "rows_interval": tally.rows.interval,
        "digits": tally.digits,
        "edits": tally.edits,
        "character_error_rate": tally.error_rate,
        "accepted": tally.accepted.total,
        "accepted_accuracy": tally.accepted.value,
        "accepted_wrong": tally.wrong_accepted,
        "refused": dict(tally.refused),
        "others": tally.others.total,
        "others_refused": tally.others.hits,
    }
