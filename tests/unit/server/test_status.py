import digits_core.errors
import digits_server.errors
import grpc
import pytest
from digits_core import CoreError
from digits_core.errors import CorruptImage
from digits_server.errors import FieldError, Overloaded, at
from digits_server.status import CODES, INTERNAL_TEXT, Status
from google.rpc.status_pb2 import Status as RichStatus

AT_START = {"BAD_BUNDLE", "PORT_TAKEN", "WORKER_FAILED", "INTERNAL"}
"""These end the process, or are no reason of their own."""


def test_every_reason_has_a_code() -> None:
    """No error of ours is without a row in the table."""
    errors = [
        error
        for module in (digits_core.errors, digits_server.errors)
        for error in vars(module).values()
        if isinstance(error, type) and issubclass(error, CoreError)
    ]

    assert {error.reason for error in errors} - AT_START == set(CODES)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ValueError("/secret/path"), id="foreign"),
        pytest.param(CoreError("/secret/path"), id="without-reason"),
        pytest.param(digits_core.errors.BundleError("/secret/path"), id="not-a-callers"),
        pytest.param(FieldError("image", CoreError("/secret/path")), id="in-a-field"),
    ],
)
def test_internal_tells_nothing(error: Exception) -> None:
    """What is not in the table is INTERNAL with a fixed text."""
    status = Status.of(error)

    assert (status.code, status.message) == (grpc.StatusCode.INTERNAL, INTERNAL_TEXT)
    assert all(b"secret" not in str(value).encode() for _, value in status.metadata())


def test_field() -> None:
    """`at` names the field of what its body raises, and keeps reason and text."""
    with pytest.raises(FieldError) as caught, at("images[3].encoded"):
        raise CorruptImage("cut short")
    status = Status.of(caught.value)

    assert status == Status(
        grpc.StatusCode.INVALID_ARGUMENT, "CORRUPT_IMAGE", "cut short", "images[3].encoded"
    )


def test_pushback_is_for_overload_alone() -> None:
    """Whoever is shed is told when to come back; nobody else is."""
    shed = dict(Status.of(Overloaded("full")).metadata())
    bad = dict(Status.of(CorruptImage("cut")).metadata())
    rich = RichStatus.FromString(shed["grpc-status-details-bin"])

    assert int(shed["grpc-retry-pushback-ms"]) > 0
    assert "grpc-retry-pushback-ms" not in bad
    assert (rich.code, rich.message) == (grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], "full")
