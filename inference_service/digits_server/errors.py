"""What can go wrong in serving, beside what `digits_core.errors` knows.

CoreError
├── ImageError
│   └── ImageMissing   IMAGE_MISSING: the request holds no picture
└── ServingError
    ├── TooManyItems   TOO_MANY_ITEMS: a list is longer than the limit
    ├── Overloaded     OVERLOADED: more calls are in flight than are taken, or answered in time
    ├── NotReady       NOT_READY: the server or the model is not able to answer
    ├── ShuttingDown   SHUTTING_DOWN: the server drains
    ├── DeadlinePassed DEADLINE: the time that the call may take is over
    ├── NotSupported   UNIMPLEMENTED: this server has no such ability
    ├── WorkerFailed   WORKER_FAILED: a worker could not begin to serve
    ├── PortTaken      PORT_TAKEN: the server cannot listen where it was told to
    └── FieldError     what is wrong with one field; the reason is its cause's
"""

from collections.abc import Iterator
from contextlib import contextmanager

from digits_core.errors import BadHint, CoreError, ImageError


class ImageMissing(ImageError):
    """The request holds no picture."""

    reason = "IMAGE_MISSING"


class ServingError(CoreError):
    """A call that the server cannot or will not answer."""


class TooManyItems(ServingError):
    """A repeated field is longer than the limit."""

    reason = "TOO_MANY_ITEMS"


class Overloaded(ServingError):
    """More calls are in flight than the server takes on, or than one's time is enough for."""

    reason = "OVERLOADED"


class NotReady(ServingError):
    """The server is loading, or the model that was asked for did not load."""

    reason = "NOT_READY"


class ShuttingDown(ServingError):
    """The server finishes the calls that it has and takes no new ones."""

    reason = "SHUTTING_DOWN"


class DeadlinePassed(ServingError):
    """The caller's deadline or the server's own has passed."""

    reason = "DEADLINE"


class NotSupported(ServingError):
    """The method is in the contract, but this server cannot do it."""

    reason = "UNIMPLEMENTED"


class PortTaken(ServingError):
    """The address to listen on is taken or not allowed; the server does not start."""

    reason = "PORT_TAKEN"


class WorkerFailed(ServingError):
    """A worker could not begin to serve; the server does not start."""

    reason = "WORKER_FAILED"


class FieldError(ServingError):
    """One field of the request is at fault.

    `field` is its path, such as "images[3].encoded"; `cause` is what is wrong.
    """

    def __init__(self, field: str, cause: CoreError) -> None:
        super().__init__(str(cause))
        self.field = field
        self.cause = cause


@contextmanager
def hints() -> Iterator[None]:
    """Say of what the body raises about bounds which field of the request is at fault."""
    try:
        yield
    except BadHint as error:
        raise FieldError(error.field, error) from error


@contextmanager
def at(field: str) -> Iterator[None]:
    """Say of what the body raises about a picture or a model that `field` is at fault."""
    try:
        yield
    except CoreError as error:
        raise FieldError(field, error) from error
