"""The command line `digits`: pictures in, digits out.

Exit codes: 0 all answered, 1 some inputs failed or there are none, 2 usage,
4 server unavailable, 130 interrupted.
"""

import os
import signal
import sys
import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from digits_client import evaluate, folder, reading, results, settings
from digits_client.errors import (
    DeadlineExceeded,
    DigitsError,
    ImageError,
    ModelNotFound,
    Overloaded,
    ServerUnavailable,
)
from digits_client.terminal import (
    FAILED,
    UNAVAILABLE,
    USAGE,
    Address,
    Json,
    ModelName,
    complain,
    complain_of,
    connect,
    long_run,
    of_digits,
    picture,
    print_json,
    progress,
    writable,
)

app = typer.Typer(
    help="Recognise handwritten digits.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def start() -> None:
    """Recognise handwritten digits."""
    for warning in settings.warnings(os.environ):
        complain(f"warning: {warning}")


@app.command()
def predict(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Pictures; - is stdin.")],
    address: Address = None,
    model: ModelName = None,
    as_json: Json = False,
) -> None:
    """Read one digit in each picture."""
    failed, crowded = False, list[str]()
    with connect(address) as client:
        outcomes = client.predict_stream(map(picture, files), model)
        for path, outcome in zip(files, outcomes, strict=True):
            if isinstance(outcome, ImageError):
                failed = True
                complain_of(path, outcome, as_json=as_json)
            elif as_json:
                print_json({"path": folder.portable(path), **results.answer(outcome)})
            else:
                typer.echo(results.line(path, outcome))
                crowded += [path] if outcome.reason == "SEVERAL_DIGITS" else []
    if crowded:
        shown = folder.visible(crowded[0]) if len(crowded) == 1 else "FILE"
        complain(f"several digits in a picture are read by `digits read {shown}`")
    raise typer.Exit(FAILED if failed else 0)


@app.command()
def compare(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A picture; - is stdin.")],
    address: Address = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", callback=of_digits, help="A model to ask; once for each."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Set several models' answers for a picture side by side."""
    with connect(address) as client:
        try:
            comparison = client.compare_models(picture(file), model or ())
        except ImageError as error:
            complain_of(file, error, as_json=as_json)
            raise typer.Exit(FAILED) from error
    answers = comparison.predictions
    if as_json:
        print_json(
            {
                "path": folder.portable(file),
                "predictions": {name: results.answer(outcome) for name, outcome in answers.items()},
                "agree": comparison.agree,
            }
        )
    else:
        grid = Grid("model", "digit", "confidence", "")
        for name, outcome in answers.items():
            if isinstance(outcome, DigitsError):
                grid.add_row(name, "-", "-", Text(str(outcome)))
            else:
                digit = "-" if outcome.digit is None else str(outcome.digit)
                confidence = results.percent(outcome.confidence)
                grid.add_row(name, digit, confidence, outcome.reason or "accepted")
        Console().print(grid)
        typer.echo("The models agree." if comparison.agree else "The models do not agree.")
    failed = any(isinstance(outcome, DigitsError) for outcome in answers.values())
    raise typer.Exit(FAILED if failed else 0)


@app.command()
def batch(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Pictures and folders.")],
    output: Annotated[
        str,
        typer.Option(
            *("--output", "-o"),
            metavar="FILE",
            callback=writable,
            help="The CSV file; - is stdout.",
        ),
    ] = "-",
    address: Address = None,
    model: ModelName = None,
    read: Annotated[bool, typer.Option("--read", help="Read numbers, not single digits.")] = False,
) -> None:
    """Read every picture below the paths into a CSV file, a row each.

    With --read the column `prediction` holds a number, its rows apart by "/".
    """
    if read and model:
        raise typer.BadParameter("--read asks the reader: leave --model out", param_hint="--model")
    files = list(folder.files(paths))
    if not files:
        complain(
            f"no picture lies in {', '.join(map(folder.visible, paths))}: of a folder's files, "
            f"those count that end in {', '.join(folder.SUFFIXES)}"
        )
        raise typer.Exit(FAILED)
    with long_run(address) as client, results.written(output) as file, progress() as bar:
        failed, start = 0, time.monotonic()
        reader = reading.reader(client) if read else None
        table, task = results.Table(file, reader), bar.add_task("", total=len(files))
        stream = reading.outcomes(client, files) if read else client.predict_stream(files, model)
        for path, outcome in zip(files, stream, strict=True):
            table.add(path, outcome)
            failed += isinstance(outcome, ImageError)
            bar.advance(task)
    seconds = time.monotonic() - start
    complain(
        f"{len(files):,} pictures in {seconds:.1f} s, {len(files) / seconds:,.0f} a second; "
        f"{failed:,} failed"
    )
    raise typer.Exit(FAILED if failed else 0)


app.command()(reading.read)
app.command()(evaluate.evaluate)


@app.command()
def models(address: Address = None, as_json: Json = False) -> None:
    """List the server's models."""
    with connect(address) as client:
        listed = client.list_models()
    if as_json:
        for model in listed:
            print_json(asdict(model))
        return
    grid = Grid("model", "version", "parameters", "state", "")
    for model in listed:
        state = "ready" if model.ready else f"not ready: {model.error}"
        grid.add_row(
            model.name,
            model.version,
            f"{model.parameters:,}",
            Text(state),
            "default" if model.default else "",
        )
    Console().print(grid)


@app.command()
def health(address: Address = None, as_json: Json = False) -> None:
    """Ask whether the server serves; exit 4 when it does not."""
    with connect(address) as client:
        serving = client.health()
    status = "SERVING" if serving else "NOT_SERVING"
    if as_json:
        print_json({"status": status})
    else:
        typer.echo(status)
    raise typer.Exit(0 if serving else UNAVAILABLE)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except DigitsError as error:
        complain(f"digits: {error}")
        sys.exit(_exit_code(error))
    except OSError as error:  # pictures' own are ImageErrors: this is the output's
        complain(f"digits: the results cannot be written: {error}")
        sys.exit(FAILED)


def _exit_code(error: DigitsError) -> int:
    match error:
        case ServerUnavailable() | DeadlineExceeded() | Overloaded():
            return UNAVAILABLE
        case ModelNotFound() | DigitsError(reason="BAD_HINT" | "UNIMPLEMENTED"):
            return USAGE
    return FAILED
