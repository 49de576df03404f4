"""What may be set from the environment."""

import difflib
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
from digits_core import Limits
from digits_core.bundle import MODELS_DIR
from msgspec import Meta

from digits_server import address, cpus

PREFIX = "DIGITS_"

OF_OTHER_PROCESSES = frozenset(
    {
        "DIGITS_DATA_DIR",
        "DIGITS_HTTP_PORT",
        "DIGITS_MAX_BODY_BYTES",
        "DIGITS_READ_TIMEOUT_S",
        "DIGITS_SERVER_ADDRESS",
    }
)
"""The gateway and the training share the environment; their names are no mistake here."""

_LIMITS = Limits()


class WrongSettings(ValueError):
    """Variables hold what cannot be used; the text names each, its value and its range."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The server's settings, read once at start from variables with the prefix DIGITS_."""

    host: str = address.HOST
    """The address to listen on; this machine alone unless it is opened on purpose."""

    grpc_port: Annotated[int, Meta(ge=0, le=65535)] = address.PORT
    """The port to listen on; 0 takes a free one, which the log names."""

    workers: Annotated[int, Meta(ge=1, le=256)] = msgspec.field(default_factory=cpus.available)
    """Processes that serve, a processor each; one alone has no supervisor. Linux shares a port
    among them; other systems do not, and have one."""

    models_dir: Path = MODELS_DIR
    """The folder with the published bundles; those that came with digits_core unless set."""

    max_image_bytes: Annotated[int, Meta(ge=1)] = _LIMITS.max_bytes
    """The largest picture file in bytes; 16 MiB holds the photos of today's phones."""

    max_image_pixels: Annotated[int, Meta(ge=16)] = _LIMITS.max_pixels
    """The most pixels of a picture; 50 million take 48 MiB in grey."""

    max_image_side: Annotated[int, Meta(ge=4)] = _LIMITS.max_side
    """The longest side of a picture in pixels; longer ones are scans of something else."""

    max_items: Annotated[int, Meta(ge=1)] = 1024
    """The most pictures in a batch, or models in a comparison: about a second of work."""

    max_message_bytes: Annotated[int, Meta(ge=1024, le=2**31 - 1)] = 32 * 2**20
    """The largest gRPC message in bytes; 32 MiB holds the largest picture twice."""

    max_in_flight: Annotated[int, Meta(ge=1)] = 128
    """The most calls at work at once in a worker; more are refused, as waiting would not help."""

    deadline_s: Annotated[float, Meta(gt=0, le=3600)] = 10.0
    """The longest that a call may take in seconds, whatever its caller allows."""

    drain_grace_s: Annotated[float, Meta(ge=0, le=3600)] = 10.0
    """How long calls may go on after SIGTERM in seconds; container engines kill after 10 to 30."""

    max_connection_age_s: Annotated[float, Meta(ge=1, le=86_400)] = 300.0
    """When a connection is renewed in seconds (give or take 10 %), so that clients find new
    replicas: a healthy one is never looked up again."""

    @property
    def limits(self) -> Limits:
        """The limits of a picture."""
        return Limits(
            max_bytes=self.max_image_bytes,
            max_pixels=self.max_image_pixels,
            max_side=self.max_image_side,
        )


def variable(field: str) -> str:
    """The environment variable of a field of `Settings`."""
    return f"{PREFIX}{field.upper()}"


def read(environment: Mapping[str, str]) -> Settings:
    """The settings of an environment: names in any case, and an empty variable counts as unset.

    Raises `WrongSettings`.
    """
    given = {name.upper(): text.strip() for name, text in environment.items()}
    chosen, complaints = dict[str, Any](), list[str]()
    for field in msgspec.structs.fields(Settings):
        text = given.get(variable(field.name))
        if not text:
            continue
        try:
            value = msgspec.convert(text, field.type, strict=False, dec_hook=_made)
            # msgspec's bounds let by what is no number, and what is no end
            if isinstance(value, float) and not math.isfinite(value):
                raise msgspec.ValidationError
            chosen[field.name] = value
        except msgspec.ValidationError:
            complaints.append(f"{variable(field.name)}={text!r}: give {_wanted(field.type)}")
    if complaints:
        raise WrongSettings("; ".join(complaints))
    return Settings(**chosen)


def unknown(environment: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The variables with our prefix that no process knows, each with the nearest known name."""
    known = {variable(field) for field in Settings.__struct_fields__} | OF_OTHER_PROCESSES
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            nearest = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0)
            yield name, nearest[0]


def _wanted(kind: Any) -> str:
    """What a number of that type may be, in words: texts and paths may be anything."""
    number, bounds = get_args(kind)
    noun = "a whole number" if number is int else "a number"
    least = f"above {bounds.gt:,}" if bounds.ge is None else f"from {bounds.ge:,}"
    return f"{noun} {least} up" + ("" if bounds.le is None else f" to {bounds.le:,}")


def _made(kind: type, text: str) -> Path:
    """What msgspec cannot make of a text: there is one such type."""
    return kind(text)
