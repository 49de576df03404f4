"""What may be set from the environment."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

from digits_core import Limits
from digits_core.bundle import MODELS_DIR
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

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


class Settings(BaseSettings):
    """The server's settings, read once at start from variables with the prefix DIGITS_.

    An empty variable counts as unset.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = Field(default=address.HOST, min_length=1)
    """The address to listen on; this machine alone unless it is opened on purpose."""

    grpc_port: int = Field(default=address.PORT, ge=0, le=65535)
    """The port to listen on; 0 takes a free one, which the log names."""

    workers: int = Field(default_factory=cpus.available, ge=1, le=256)
    """Processes that serve, a processor each; one alone has no supervisor. Linux shares a port
    among them; other systems do not, and have one."""

    models_dir: Path = MODELS_DIR
    """The folder with the published bundles; those that came with digits_core unless set."""

    max_image_bytes: int = Field(default=_LIMITS.max_bytes, ge=1)
    """The largest picture file in bytes; 16 MiB holds the photos of today's phones."""

    max_image_pixels: int = Field(default=_LIMITS.max_pixels, ge=16)
    """The most pixels of a picture; 50 million take 48 MiB in grey."""

    max_image_side: int = Field(default=_LIMITS.max_side, ge=4)
    """The longest side of a picture in pixels; longer ones are scans of something else."""

    max_items: int = Field(default=1024, ge=1)
    """The most pictures in a batch, or models in a comparison: about a second of work."""

    max_message_bytes: int = Field(default=32 * 2**20, ge=1024, le=2**31 - 1)
    """The largest gRPC message in bytes; 32 MiB holds the largest picture twice."""

    max_in_flight: int = Field(default=128, ge=1)
    """The most calls at work at once in a worker; more are refused, as waiting would not help."""

    deadline_s: float = Field(default=10.0, gt=0, le=3600)
    """The longest that a call may take in seconds, whatever its caller allows."""

    drain_grace_s: float = Field(default=10.0, ge=0, le=3600)
    """How long calls may go on after SIGTERM in seconds; container engines kill after 10 to 30."""

    max_connection_age_s: float = Field(default=300.0, ge=1, le=86_400)
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

    @property
    def address(self) -> str:
        """Host and port to listen on, as gRPC writes them."""
        return address.joined(self.host, self.grpc_port)


def variable(field: str) -> str:
    """The environment variable of a field of `Settings`."""
    return f"{PREFIX}{field.upper()}"


def complaints(error: ValidationError) -> list[str]:
    """One line for each setting that is out of range, beginning with its variable."""
    return [
        f"{variable('.'.join(map(str, fault['loc'])))}={fault['input']!r}: {fault['msg']}"
        for fault in error.errors()
    ]


def unknown(environment: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The variables with our prefix that no process knows, each with the nearest known name."""
    known = {variable(field) for field in Settings.model_fields} | OF_OTHER_PROCESSES
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            nearest = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0)
            yield name, nearest[0]
