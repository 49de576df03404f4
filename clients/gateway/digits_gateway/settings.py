"""What the gateway is told at its start, and what it says about a wrong word."""

import difflib
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from digits_gateway import address

PREFIX = "DIGITS_"

READ_ELSEWHERE = frozenset(
    {
        "DIGITS_DATA_DIR",
        "DIGITS_DRAIN_GRACE_S",
        "DIGITS_MAX_CONNECTION_AGE_S",
        "DIGITS_MAX_IMAGE_BYTES",
        "DIGITS_MAX_IMAGE_PIXELS",
        "DIGITS_MAX_IMAGE_SIDE",
        "DIGITS_MAX_IN_FLIGHT",
        "DIGITS_MAX_ITEMS",
        "DIGITS_MAX_MESSAGE_BYTES",
        "DIGITS_MODELS_DIR",
    }
)
"""Variables that the server and the training read: the processes share an environment."""


def _processors() -> int:
    """As many as the recogniser has processes unless it is told otherwise."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _with_port(text: str) -> str:
    if text and not all(text.rpartition(":")):
        raise PydanticCustomError("address", "give host:port, such as localhost:50051")
    return text


class InvalidSettings(ValueError):
    """A variable holds a value that cannot be used; the text names each one."""


class Settings(BaseSettings):
    """The gateway's settings, read once from variables with the prefix `DIGITS_`.

    An empty variable counts as unset.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )

    host: str = address.HOST
    """The address to listen on; only this machine reaches the default."""

    http_port: int = Field(default=address.HTTP_PORT, ge=0, le=65535)
    """The port to listen on; 0 takes a free one and logs it."""

    grpc_port: int = Field(default=50051, ge=1, le=65535)
    """Where the recogniser listens on `host`, unless `server_address` says otherwise."""

    server_address: Annotated[str, AfterValidator(_with_port)] = ""
    """The recogniser's `host:port`; derived from `host` and `grpc_port` when empty."""

    workers: int = Field(default_factory=_processors, ge=1, le=256)
    """The recogniser's processes, which are asked one by one where it runs beside the gateway;
    the server reads the same variable."""

    deadline_s: float = Field(default=10.0, gt=0, le=3600)
    """The longest that an answer may take in seconds; the server reads the same variable."""

    max_body_bytes: int = Field(default=17 * 2**20, ge=1024)
    """The largest request body in bytes: a picture of 16 MiB, and what multipart puts round it."""

    read_timeout_s: float = Field(default=10.0, gt=0, le=15)
    """How long a connection may keep us waiting in seconds; a phone on a bad line needs less."""

    @property
    def backend(self) -> str:
        """The recogniser's address."""
        return self.server_address or address.joined(address.reached(self.host), self.grpc_port)

    @property
    def worker_addresses(self) -> list[str]:
        """Where the recogniser's processes may be reached one by one, if it is on this machine.

        Each listens at an abstract Unix socket of its own.
        """
        if self.server_address or sys.platform != "linux":
            return []
        served = address.joined(self.host, self.grpc_port)
        return [f"unix-abstract:digits-{served}-{index}" for index in range(self.workers)]


def load() -> Settings:
    """Return the settings of this process's environment; raises `InvalidSettings`."""
    try:
        return Settings()
    except ValidationError as error:
        raise InvalidSettings("\n".join(_complaints(error))) from None


def unknown_variables(environment: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield each `DIGITS_` variable that nobody reads, with the nearest name that somebody does."""
    known = sorted({f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | READ_ELSEWHERE)
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            yield name, difflib.get_close_matches(name, known, n=1, cutoff=0)[0]


def _complaints(error: ValidationError) -> Iterable[str]:
    for item in error.errors(include_url=False):
        name = f"{PREFIX}{item['loc'][0]}".upper()
        yield f"{name}={item['input']}: {item['msg'][:1].lower()}{item['msg'][1:]}"
