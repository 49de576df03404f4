"""How the log is written: events with fields, to standard error."""

import json
import sys
from contextlib import suppress
from typing import TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict


class _StandardError:
    """Standard error, where a full disk or a closed pipe loses lines of the log, not calls."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def _json(event: EventDict, **_: object) -> str:
    """Quicker than the standard library: every call is a line."""
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except UnicodeEncodeError:  # the name of a file or a variable that is not UTF-8
        return json.dumps(event, default=repr)


def configure(worker: int | None = None) -> None:
    """One line of JSON an event, with the worker's number; coloured text where a person watches."""
    watched = sys.stderr.isatty()

    def of_worker(_logger: object, _name: str, event: EventDict) -> EventDict:
        event["worker"] = worker
        return event

    structlog.configure(
        processors=[
            *([] if worker is None else [of_worker]),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if watched else [structlog.processors.format_exc_info]),
            structlog.dev.ConsoleRenderer()
            if watched
            else structlog.processors.JSONRenderer(serializer=_json),
        ],
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _StandardError())),
        cache_logger_on_first_use=True,
    )
