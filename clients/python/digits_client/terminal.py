"""What the commands share: options, the connection, progress, and where words go."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from digits_client import results, settings
from digits_client.client import Client
from digits_client.errors import ImageError, ServerUnavailable
from digits_client.folder import portable, visible
from digits_client.images import MESSAGE_BYTES, Picture
from digits_client.interruption import interruptible

FAILED, USAGE, UNAVAILABLE = 1, 2, 4
"""Exit codes beside 0; 130 is an interruption's."""

PATIENCE = 60.0
"""Seconds that a run over many pictures waits for a server that has gone away."""

READER = "reader"
"""The name under which a server lists the model that reads numbers."""


def of_digits(chosen: str | list[str] | None) -> str | list[str] | None:
    """Return the models that an option names; raises `BadParameter` when one is the reader.

    The server would refuse it, too, but names the call of its contract as the cure.
    """
    if READER in ([chosen] if isinstance(chosen, str) else chosen or ()):
        raise typer.BadParameter(
            f"the model {READER!r} reads numbers: leave it out, and ask `digits read`, "
            "`digits batch --read` or `digits evaluate --read`"
        )
    return chosen


def writable(target: str | None) -> str | None:
    """Return the file that an option names; raises `BadParameter` where there can be none.

    So this is said before anything is asked, and not of the file that `results.written`
    writes first.
    """
    if target in {None, "-"}:
        return target
    path = Path(target)
    if path.is_dir():
        raise typer.BadParameter(f"{visible(target)} is a folder: name a file in it")
    if not path.exists() and not (folder := path.resolve().parent).is_dir():
        raise typer.BadParameter(
            f"the folder {visible(str(folder))} does not exist: make it, or name another file"
        )
    return target


Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="The server; unless given, DIGITS_SERVER_ADDRESS or localhost at DIGITS_GRPC_PORT.",
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option(metavar="NAME", callback=of_digits, help="A name that `digits models` lists."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


def connect(address: str | None, **arguments: Any) -> Client:
    """Return a client of the server at the address, or of the environment's."""
    try:
        return Client(address or settings.server_address(os.environ), **arguments)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--address") from error


@contextmanager
def long_run(address: str | None) -> Iterator[Client]:
    """Connect for many pictures: to a server that is ready, patiently, until interrupted."""
    with (
        connect(address, timeout=PATIENCE, wait_for_ready=True) as client,
        interruptible(client.close),
    ):
        with connect(address) as impatient:
            if not impatient.health():
                raise ServerUnavailable(f"the server at {client.address} is not ready")
        yield client


def picture(file: str) -> Picture:
    """Return the picture that an argument names: a path, or what stdin holds for "-"."""
    return sys.stdin.buffer.read(MESSAGE_BYTES + 1) if file == "-" else file


def progress() -> Progress:
    """Return a bar on standard error, shown where a person looks on."""
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


def print_json(value: dict[str, Any]) -> None:
    """Print an object on a line of its own."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def complain_of(path: str, error: ImageError, *, as_json: bool) -> None:
    """Say why a picture has no answer: as an object on a line, or on standard error."""
    if error.reason == "UNREADABLE_FILE" and os.path.isdir(path):  # noqa: PTH112 - as folder.files
        error = ImageError(
            "it is a folder: `digits batch FOLDER` reads the digits in all of its pictures, "
            "`digits batch --read FOLDER` the numbers",
            reason=error.reason,
            field=error.field,
        )
    if as_json:
        print_json({"path": portable(path), **results.answer(error)})
    else:
        complain(f"{visible(path)}: {error}")


def complain(text: str) -> None:
    """Say something on standard error."""
    typer.echo(text, err=True)
