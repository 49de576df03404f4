"""An evaluation for people, as tables, and for programs, as JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeAlias

import typer

from digits_client.errors import ImageError
from digits_client.figures import Difference, Evaluation, Share, Tally
from digits_client.folder import portable, visible
from digits_client.labels import Sample
from digits_client.terminal import print_json

Failures: TypeAlias = Sequence[tuple[Sample, ImageError]]

_FAILURES_SHOWN = 20


def as_text(
    evaluations: Sequence[Evaluation],
    differences: Sequence[Difference],
    by: Sequence[str],
    *,
    unlabelled: int,
) -> None:
    """Print the figures of each model, by group too, and where the models differ."""
    for evaluation in evaluations:
        parts = ["\n".join(summary(evaluation))]
        if evaluation.tally.digits.total:
            parts.append(_confusion(evaluation))
        parts += [_groups(evaluation, column) for column in by]
        typer.echo("\n\n".join(parts) + "\n")
    for each in differences:
        if evaluations[0].tally.digits.total:
            typer.echo(_difference(each))
    print_failures(evaluations[0].failures)
    if unlabelled:
        typer.echo(f"pictures left out for want of a label: {unlabelled:,}")


def as_json(
    evaluations: Sequence[Evaluation],
    differences: Sequence[Difference],
    by: Sequence[str],
    *,
    unlabelled: int,
) -> None:
    """Print an object for each model and one for each pair of models."""
    for evaluation in evaluations:
        print_json(
            {
                "model": evaluation.model,
                "model_version": evaluation.version,
                "digest": evaluation.digest,
                **_figures(evaluation.tally),
                "confusion": evaluation.confusion(),
                "groups": {
                    column: {
                        value: _figures(tally) for value, tally in evaluation.by(column).items()
                    }
                    for column in by
                },
                "failures": named(evaluation.failures),
                "unlabelled": unlabelled,
            }
        )
    for each in differences:
        print_json(
            {
                "models": list(each.models),
                "only_first_right": each.only_first,
                "only_second_right": each.only_second,
                "p_value": each.p_value,
            }
        )


def summary(evaluation: Evaluation) -> list[str]:
    """Return what there is to say about a model in a few lines."""
    tally = evaluation.tally
    lines = [f"{evaluation.model} {evaluation.version} (SHA-256 {evaluation.digest[:12]})"]
    if tally.digits.total:
        lines += [
            f"  digits right           {counted(tally.digits)}",
            f"  accepted and wrong     {tally.wrong_accepted:,}",
            f"  refused                {refusals(tally.refused)}",
        ]
    if tally.others.total:
        lines.append(f"  not one digit, refused {counted(tally.others)}")
    if tally.digits.total:
        lines.append(f"  right among accepted   {counted(tally.accepted)}")
    if evaluation.failures:
        lines.append(f"  without an answer      {len(evaluation.failures):,}")
    return lines


def named(failures: Failures) -> list[dict[str, str]]:
    """Return the pictures without an answer, each with its error."""
    return [
        {"path": portable(sample.path), "error": str(error), "reason": error.reason}
        for sample, error in failures
    ]


def counted(share: Share) -> str:
    """Return a share with its counts and its interval."""
    if share.value is None or share.interval is None:
        return "-"
    low, high = share.interval
    return (
        f"{share.hits:,} of {share.total:,}, {100 * share.value:.2f} % "
        f"(95 %: {100 * low:.2f} to {100 * high:.2f})"
    )


def refusals(refused: Counter[str]) -> str:
    """Return how many were refused, and why."""
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in refused.most_common())
    return f"{refused.total():,}{f' ({reasons})' if reasons else ''}"


def _confusion(evaluation: Evaluation) -> str:
    """A row a digit, a column an answer; points are zeros."""
    rows = [["  digit", *"0123456789", "no ink"]]
    for digit, row in enumerate(evaluation.confusion()):
        rows.append([f"  {digit}", *(f"{count:,}" if count else "." for count in row)])
    return aligned(rows)


def _groups(evaluation: Evaluation, column: str) -> str:
    """A row a value of the column; the last two count what is not one digit."""
    rows = [[f"  {visible(column)}", "digits", "right", "95 %", "accepted wrong", "refused"]]
    rows[0] += ["others", "refused"]
    for value, tally in evaluation.by(column).items():
        rows.append(
            [
                f"  {visible(value) or '-'}",
                f"{tally.digits.total:,}",
                percent(tally.digits),
                interval(tally.digits),
                f"{tally.wrong_accepted:,}",
                f"{tally.refused.total():,}",
                f"{tally.others.total:,}",
                percent(tally.others),
            ]
        )
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return lines whose first column stands on the left and whose others end below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    )


def percent(share: Share) -> str:
    """Return a share in percent, a dash of nothing."""
    return "-" if share.value is None else f"{100 * share.value:.2f} %"


def interval(share: Share) -> str:
    """Return the bounds of a share's 95 % interval in percent, a dash of nothing."""
    if share.interval is None:
        return "-"
    low, high = share.interval
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _difference(difference: Difference) -> str:
    first, second = difference.models
    return (
        f"{first} against {second}: only {first} right {difference.only_first:,}, only {second} "
        f"right {difference.only_second:,}, p = {difference.p_value:.2g} (McNemar, exact)"
    )


def print_failures(failures: Failures) -> None:
    """Say on standard error which pictures have no answer; every model fails on the same."""
    for sample, error in failures[:_FAILURES_SHOWN]:
        typer.echo(f"{visible(sample.path)}: {error}", err=True)
    if (more := len(failures) - _FAILURES_SHOWN) > 0:
        typer.echo(f"and {more:,} more: --json names all", err=True)


def _figures(tally: Tally) -> dict[str, Any]:
    return {
        "digits": tally.digits.total,
        "right": tally.digits.hits,
        "accuracy": tally.digits.value,
        "interval": tally.digits.interval,
        "accepted": tally.accepted.total,
        "accepted_accuracy": tally.accepted.value,
        "accepted_wrong": tally.wrong_accepted,
        "refused": dict(tally.refused),
        "others": tally.others.total,
        "others_refused": tally.others.hits,
    }
