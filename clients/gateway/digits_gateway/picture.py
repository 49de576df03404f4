"""From a request to the bytes of its picture: counted, paced, never under a file name."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Self

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from digits_gateway.problems import Problem

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FIELD = "file"
"""The multipart field with the picture."""

_EXAMPLE = f"curl -F {FIELD}=@picture.png"

_MEMORY_BYTES = 4 * 2**20
"""What an upload may keep in memory while it arrives, so that refusing one costs little."""

_PARTS = 16
"""Each part costs Python calls; a form with one picture has few."""

_SHOWN = 64
"""Characters of another field's name that stand in the answer."""


@dataclass(frozen=True, slots=True)
class Intake:
    """How much is read, and how long that may take.

    A body may have `max_bytes` bytes. It has `grace` seconds, and one more for
    each `rate` bytes that have arrived: a slow line is welcome, a connection that
    is only kept open is not.
    """

    max_bytes: int = 17 * 2**20
    grace: float = 10.0
    rate: int = 16 * 2**10


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it was sent; `field` is where in the request it stood."""

    data: bytes
    field: str


async def receive(request: Request, intake: Intake) -> Picture:
    """Return the picture of a request: the multipart field `file`, or the whole body.

    Everything that is not multipart is taken as the picture itself, whatever
    type it claims: the content decides. Raises `Problem` with IMAGE_TOO_LARGE,
    IMAGE_MISSING, MALFORMED_REQUEST or REQUEST_TIMEOUT.
    """
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    with Spool() as spool:
        if kind != b"multipart/form-data":
            await _read(request, intake, spool.append)
            return Picture(spool.read(), "body")
        form = Form(parameters.get(b"boundary", b""), spool)
        await _read(request, intake, form.feed)
        form.finish()
        return Picture(spool.read(), FIELD)


async def _read(request: Request, intake: Intake, take: Callable[[bytes], None]) -> None:
    """Hand on the body as it arrives, and stop at the first byte too many."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > intake.max_bytes:
        raise _too_large(intake)
    received, end = 0, asyncio.get_running_loop().time() + intake.grace
    try:
        async with asyncio.timeout_at(end) as patience:
            async for chunk in request.stream():
                received += len(chunk)
                if received > intake.max_bytes:
                    raise _too_large(intake)
                take(chunk)
                patience.reschedule(end + received / intake.rate)
    except TimeoutError:
        raise Problem(
            "REQUEST_TIMEOUT",
            f"The body comes too slowly: {received:,} bytes in {intake.grace:g} s or more.",
        ) from None


def _too_large(intake: Intake) -> Problem:
    return Problem(
        "IMAGE_TOO_LARGE",
        f"The request's body may have {intake.max_bytes:,} bytes: send a smaller copy.",
        field="body",
    )


class Spool:
    """Bytes that arrive: the first `memory_bytes` in memory, with more an unnamed file in `folder`.

    Where no file can be made (a read-only or full disk), they stay in memory.
    """

    def __init__(self, memory_bytes: int = _MEMORY_BYTES, folder: Path | None = None) -> None:
        self._memory = bytearray()
        self._limit: float = memory_bytes
        self._folder = folder
        self._file: IO[bytes] | None = None

    @property
    def in_memory(self) -> bool:
        """Whether no file was needed."""
        return self._file is None

    def append(self, chunk: bytes) -> None:
        """Keep a chunk."""
        if self._file is not None:
            self._file.write(chunk)
            return
        self._memory += chunk
        if len(self._memory) > self._limit:
            self._move()

    def read(self) -> bytes:
        """Return all that was kept."""
        if self._file is None:
            return bytes(self._memory)
        self._file.seek(0)
        return self._file.read()

    def _move(self) -> None:
        try:
            file = TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115 - __exit__ closes it
            file.write(self._memory)
        except OSError:
            self._limit = float("inf")
        else:
            self._file, self._memory = file, bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


class Form:
    """Finds the field `file` in a multipart body and keeps only that.

    File names are neither read nor kept.
    """

    def __init__(self, boundary: bytes, spool: Spool) -> None:
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._part_begins,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_ends,
            "on_part_data": self._part_data,
            "on_part_end": self._part_ends,
            "on_end": self._ends,
        }
        self._spool = spool
        self._parts = 0
        self._others: list[str] = []
        self._name = self._value = b""
        self._wanted = self._found = self._ended = False
        try:
            self._parser = MultipartParser(_checked(boundary), callbacks)
        except FormParserError as error:
            raise _malformed(str(error)) from None

    def feed(self, chunk: bytes) -> None:
        """Read on."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _malformed(str(error)) from None

    def finish(self) -> None:
        """Raise `Problem` unless the body was whole and held the field."""
        if not self._ended:
            raise _malformed("its end is missing")
        if not self._found:
            only = f", only {', '.join(map(repr, self._others))}" if self._others else ""
            raise Problem(
                "IMAGE_MISSING",
                f"The form has no field {FIELD!r} with a picture{only}: name it so, as in "
                f"{_EXAMPLE}.",
                field=FIELD,
            )

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > _PARTS:
            raise _malformed(f"it has more than {_PARTS} parts", "send the picture alone")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        if self._name.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            name = options.get(b"name", b"").decode(errors="replace")
            self._wanted = name == FIELD
            if not self._wanted:
                self._others.append(name[:_SHOWN])
        self._name = self._value = b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            if self._found:
                raise _malformed(
                    f"it has the field {FIELD!r} twice", "send one picture a request", FIELD
                )
            self._spool.append(data[start:end])

    def _part_ends(self) -> None:
        self._found = self._found or self._wanted
        self._wanted = False

    def _ends(self) -> None:
        self._ended = True


def _checked(boundary: bytes) -> bytes:
    if not boundary:
        raise _malformed("its content type names no boundary")
    return boundary


def _malformed(
    why: str,
    cure: str = f"let the HTTP library write it and its content type, as {_EXAMPLE} does",
    field: str | None = None,
) -> Problem:
    detail = f"The multipart body cannot be read ({why}): {cure}."
    return Problem("MALFORMED_REQUEST", detail, field=field)
