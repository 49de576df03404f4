"""The command `digits evaluate`: a labelled folder through the running server."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from digits_client import (
    figures,
    labels,
    number_report,
    number_sheet,
    reading,
    report,
    results,
    sheet,
)
from digits_client.answers import Model
from digits_client.client import Client
from digits_client.errors import ImageError, ModelNotFound
from digits_client.figures import Answer, Evaluation
from digits_client.folder import visible
from digits_client.labels import Labelled, Sample
from digits_client.number_figures import NumberAnswer, NumberEvaluation
from digits_client.terminal import (
    FAILED,
    Address,
    Json,
    complain,
    long_run,
    of_digits,
    progress,
    writable,
)

MODELS = ("mlp", "cnn")
"""Evaluated unless others are named: what spatial features buy shows in the pair."""


def evaluate(  # noqa: PLR0917 - typer calls it by name
    root: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", exists=True, file_okay=False, help="The pictures."),
    ],
    table: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="CSV",
            help="Columns `file` (or path, filename; seen from FOLDER) and `label`: 0 to 9, or "
            "anything else for what is not one digit; with --read a number, its rows apart by /. "
            "Unless given, FOLDER/labels.csv.",
        ),
    ] = None,
    address: Address = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            callback=of_digits,
            help="A model to ask, once for each; mlp and cnn.",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Figures for each value of a column of the CSV."),
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            callback=writable,
            help="Write a sheet of the pictures, the worst first.",
        ),
    ] = None,
    most: Annotated[
        int, typer.Option(metavar="N", min=1, help="Pictures a model on the sheet.")
    ] = 200,
    read: Annotated[
        bool, typer.Option("--read", help="Ask the reader of numbers, not --model.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say how right the models are on a labelled folder, and when they refuse."""
    if read and model:
        raise typer.BadParameter(
            "the reader is asked alone: leave --model out", param_hint="--read"
        )
    labelled = _read(root, table, by or [])
    if labelled.unlabelled:
        complain(
            f"warning: pictures left out for want of a label: {len(labelled.unlabelled):,}, "
            f"such as {visible(labelled.unlabelled[0])}"
        )
    if read:
        _evaluate_numbers(address, labelled, by or [], html=html, most=most, as_json=as_json)
    with long_run(address) as client:
        asked = _models(client, model or MODELS)
        evaluations = list(_evaluations(client, asked, labelled.samples, show=html is not None))
        if html is not None:
            with results.written(html) as file:
                file.writelines(sheet.page(evaluations, most))
    differences = [figures.difference(*pair) for pair in combinations(evaluations, 2)]
    write = report.as_json if as_json else report.as_text
    write(evaluations, differences, by or [], unlabelled=len(labelled.unlabelled))
    raise typer.Exit(FAILED if any(evaluation.failures for evaluation in evaluations) else 0)


def _evaluate_numbers(
    address: str | None,
    labelled: Labelled,
    by: Sequence[str],
    *,
    html: str | None,
    most: int,
    as_json: bool,
) -> NoReturn:
    """Ask the reader about every picture, print its figures and end the command."""
    with long_run(address) as client:
        evaluation = _numbers(client, labelled.samples)
        if html is not None:
            with results.written(html) as file:
                file.writelines(number_sheet.page(evaluation, most))
    write = number_report.as_json if as_json else number_report.as_text
    write(evaluation, by, unlabelled=len(labelled.unlabelled))
    raise typer.Exit(FAILED if evaluation.failures else 0)


def _numbers(client: Client, samples: Sequence[Sample]) -> NumberEvaluation:
    reader = reading.reader(client)
    with progress() as bar:
        task = bar.add_task("", total=len(samples))
        answers, failures = list[NumberAnswer](), list[tuple[Sample, ImageError]]()
        outcomes = reading.outcomes(client, [sample.path for sample in samples])
        for sample, outcome in zip(samples, outcomes, strict=True):
            if isinstance(outcome, ImageError):
                failures.append((sample, outcome))
            else:
                answers.append(NumberAnswer(sample, outcome))
            bar.advance(task)
    return NumberEvaluation(reader.name, reader.version, reader.digest, answers, failures)


def _read(root: Path, named: str | None, by: Sequence[str]) -> Labelled:
    table = named or str(root / "labels.csv")
    try:
        labelled = labels.read(str(root), table)
    except labels.LabelsError as error:
        hint = "--labels" if named else "FOLDER"
        raise typer.BadParameter(str(error), param_hint=hint) from error
    for column in by:
        if column not in labelled.columns:
            there = ", ".join(labelled.columns)
            raise typer.BadParameter(
                f"{table} has no column {column!r}; there are {there}", param_hint="--by"
            )
    return labelled


def _models(client: Client, names: Sequence[str]) -> list[Model]:
    """Return what the server publishes under the names; raises `ModelNotFound`."""
    published = {model.name: model for model in client.list_models()}
    for name in names:
        if name not in published:
            raise ModelNotFound(
                f"the server has no model {name!r}; it has {', '.join(published)}: "
                "name them with --model",
                reason="MODEL_NOT_FOUND",
                field="model",
            )
    return [published[name] for name in dict.fromkeys(names)]


def _evaluations(
    client: Client, models: Sequence[Model], samples: Sequence[Sample], *, show: bool
) -> Iterator[Evaluation]:
    """Ask each model about every picture; with `show`, for what it saw, too."""
    paths = [sample.path for sample in samples]
    with progress() as bar:
        task = bar.add_task("", total=len(samples) * len(models))
        for model in models:
            answers, failures = [], []
            outcomes = client.predict_stream(paths, model.name, include_normalized=show)
            for sample, outcome in zip(samples, outcomes, strict=True):
                if isinstance(outcome, ImageError):
                    failures.append((sample, outcome))
                else:
                    answers.append(Answer(sample, outcome))
                bar.advance(task)
            yield Evaluation(model.name, model.version, model.digest, answers, failures)
