"""The command `digits read`, and reading many numbers at once."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Annotated

import typer

from digits_client import annotation, folder, numbers, results
from digits_client.answers import Model, Number
from digits_client.calls import MOST_DIGITS
from digits_client.client import Client
from digits_client.errors import ImageError, ModelNotFound
from digits_client.terminal import (
    FAILED,
    READER,
    Address,
    Json,
    complain_of,
    connect,
    picture,
    print_json,
    writable,
)

CALLS_IN_FLIGHT = 8
"""Numbers that are asked for at once: enough for a server of so many processors, whose own
limit is 128."""


def read(  # noqa: PLR0917 - typer calls it by name
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Pictures; - is stdin.")],
    least: Annotated[
        int,
        typer.Option(
            "--min-digits",
            metavar="N",
            min=0,
            max=MOST_DIGITS,
            help="The number has so many or more; 0: no bound.",
        ),
    ] = 0,
    most: Annotated[
        int,
        typer.Option(
            "--max-digits",
            metavar="N",
            min=0,
            max=MOST_DIGITS,
            help="The number has so many or fewer; 0: no bound.",
        ),
    ] = 0,
    annotate: Annotated[
        str | None,
        typer.Option(
            metavar="OUT.png",
            callback=writable,
            help="Write the one picture with a box round each character.",
        ),
    ] = None,
    address: Address = None,
    as_json: Json = False,
) -> None:
    """Read the number in each picture, of one or more rows."""
    if annotate is not None:
        _check_annotate(annotate, files)
    failed = False
    with connect(address) as client:
        for path in files:
            try:
                content = picture(path)
                number = client.read_number(content, min_digits=least, max_digits=most)
            except ImageError as error:
                failed = True
                complain_of(path, error, as_json=as_json)
                continue
            if as_json:
                print_json({"path": folder.portable(path), **numbers.answer(number)})
            else:
                typer.echo("\n".join(numbers.lines(path, number)))
            if annotate is not None:
                with results.written(annotate) as file:
                    file.buffer.write(annotation.annotated(content, number))
    raise typer.Exit(FAILED if failed else 0)


def reader(client: Client) -> Model:
    """Return the server's model that reads numbers; raises `ModelNotFound` when it has none."""
    for model in client.list_models():
        if model.name == READER:
            return model
    raise ModelNotFound(
        f"the server at {client.address} has no reader model: publish one in its models' folder, "
        "or ask another server with --address",
        reason="MODEL_NOT_FOUND",
        field="model",
    )


def outcomes(client: Client, paths: Iterable[str]) -> Iterator[Number | ImageError]:
    """Yield what `Client.read_number` says of each file, in order, some calls ahead.

    A picture at fault is an `ImageError` in its place; what ails the server is
    raised.
    """
    under_way: deque[Future[Number]] = deque()
    with ThreadPoolExecutor(CALLS_IN_FLIGHT, thread_name_prefix="reading") as pool:
        try:
            for path in paths:
                under_way.append(pool.submit(client.read_number, path))
                if len(under_way) == CALLS_IN_FLIGHT:
                    yield _outcome(under_way.popleft())
            while under_way:
                yield _outcome(under_way.popleft())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _outcome(future: Future[Number]) -> Number | ImageError:
    try:
        return future.result()
    except ImageError as error:
        return error


def _check_annotate(target: str, files: list[str]) -> None:
    """Raise `BadParameter` before anything is asked when the picture could not be written."""
    fault = None
    if len(files) != 1:
        fault = f"it takes 1 FILE, not {len(files):,}: run `digits read` for each"
    elif not target.lower().endswith(".png"):
        fault = f"it writes PNG files: let {target} end in .png"
    elif not annotation.possible():
        fault = "it draws with Pillow: run `pip install pillow`"
    if fault is not None:
        raise typer.BadParameter(fault, param_hint="--annotate")
