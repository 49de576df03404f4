"""From errors to gRPC: one table, one message."""

from dataclasses import dataclass, replace

import grpc
from digits_core.errors import CoreError
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status as RichStatus

from digits_server.errors import FieldError

DOMAIN = "digits"
INTERNAL = "INTERNAL"
INTERNAL_TEXT = "the server failed: its log tells why, under this call's x-request-id"
PUSHBACK_MS = 250

CODES: dict[str, grpc.StatusCode] = {
    "EMPTY_IMAGE": grpc.StatusCode.INVALID_ARGUMENT,
    "CORRUPT_IMAGE": grpc.StatusCode.INVALID_ARGUMENT,
    "IMAGE_MISSING": grpc.StatusCode.INVALID_ARGUMENT,
    "WRONG_SIZE": grpc.StatusCode.INVALID_ARGUMENT,
    "UNSUPPORTED_FORMAT": grpc.StatusCode.INVALID_ARGUMENT,
    "IMAGE_TOO_SMALL": grpc.StatusCode.INVALID_ARGUMENT,
    "BAD_ASPECT": grpc.StatusCode.INVALID_ARGUMENT,
    "IMAGE_TOO_LARGE": grpc.StatusCode.INVALID_ARGUMENT,
    "TOO_MANY_PIXELS": grpc.StatusCode.INVALID_ARGUMENT,
    "TOO_MANY_CHARACTERS": grpc.StatusCode.INVALID_ARGUMENT,
    "BAD_HINT": grpc.StatusCode.INVALID_ARGUMENT,
    "TOO_MANY_ITEMS": grpc.StatusCode.INVALID_ARGUMENT,
    "MODEL_NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "OVERLOADED": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "SHUTTING_DOWN": grpc.StatusCode.UNAVAILABLE,
    "NOT_READY": grpc.StatusCode.UNAVAILABLE,
    "DEADLINE": grpc.StatusCode.DEADLINE_EXCEEDED,
    "UNIMPLEMENTED": grpc.StatusCode.UNIMPLEMENTED,
}
"""The status of each reason; what is not here is INTERNAL, with a fixed text."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a failed call ends. `field` names the request's field at fault, or is empty."""

    code: grpc.StatusCode
    reason: str
    message: str
    field: str = ""

    @classmethod
    def of(cls, error: Exception) -> "Status":
        """The status for an error; the text of an unforeseen one stays in the log."""
        if isinstance(error, FieldError):
            return replace(cls.of(error.cause), field=error.field)
        if isinstance(error, CoreError) and error.reason in CODES:
            return cls(CODES[error.reason], error.reason, str(error))
        return cls(grpc.StatusCode.INTERNAL, INTERNAL, INTERNAL_TEXT)

    def metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """The trailing metadata: google.rpc.Status, and when to try again after OVERLOADED."""
        rich = RichStatus(code=self.code.value[0], message=self.message)
        rich.details.append(_packed(ErrorInfo(reason=self.reason, domain=DOMAIN)))
        if self.field:
            violation = BadRequest.FieldViolation(
                field=self.field, description=self.message, reason=self.reason
            )
            rich.details.append(_packed(BadRequest(field_violations=[violation])))
        details = ("grpc-status-details-bin", rich.SerializeToString())
        if self.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            return details, ("grpc-retry-pushback-ms", str(PUSHBACK_MS))
        return (details,)


def _packed(message: BadRequest | ErrorInfo) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed
