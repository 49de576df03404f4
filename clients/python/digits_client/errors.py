"""What a call can raise, each with a stable reason.

DigitsError                any failed call: BAD_HINT (bounds that no number fits),
│                          UNIMPLEMENTED (no reader model), TOO_MANY_ITEMS, INTERNAL
├── ImageError             the picture is at fault: CORRUPT_IMAGE, TOO_MANY_CHARACTERS, ...
├── ModelNotFound          MODEL_NOT_FOUND: the server has no model of that name
├── ServerUnavailable      UNAVAILABLE (no connection), NOT_READY or SHUTTING_DOWN
├── DeadlineExceeded       DEADLINE: no answer in time
└── Overloaded             OVERLOADED: the server sheds load, try again later
"""


class DigitsError(Exception):
    """A call that failed.

    The text is for people: what is wrong, which limit holds, what to do.
    `reason` is the stable, machine-readable name. `field` names the part of the
    request that is at fault, such as "image.encoded", and is None where no
    single one is.
    """

    def __init__(self, message: str, *, reason: str = "INTERNAL", field: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field


class ImageError(DigitsError):
    """The picture cannot be read, or breaks a limit."""


class ModelNotFound(DigitsError):
    """The server has no model of that name."""


class ServerUnavailable(DigitsError):
    """No server answers at the address, or it is starting or stopping."""


class DeadlineExceeded(DigitsError):
    """The answer did not come in time."""


class Overloaded(DigitsError):
    """The server has more to do than it can; the same call may succeed later."""
