"""From the contract's answers and statuses to this package's answers and errors."""

from typing import Any

import grpc
from digits.v1 import digits_pb2 as pb
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2
from grpc_status import rpc_status

from digits_client.answers import (
    Alternative,
    Box,
    Comparison,
    Model,
    Number,
    NumberDigit,
    Prediction,
)
from digits_client.errors import (
    DeadlineExceeded,
    DigitsError,
    ImageError,
    ModelNotFound,
    Overloaded,
    ServerUnavailable,
)

_BY_REASON: dict[str, type[DigitsError]] = {
    "EMPTY_IMAGE": ImageError,
    "CORRUPT_IMAGE": ImageError,
    "IMAGE_MISSING": ImageError,
    "WRONG_SIZE": ImageError,
    "UNSUPPORTED_FORMAT": ImageError,
    "IMAGE_TOO_SMALL": ImageError,
    "BAD_ASPECT": ImageError,
    "IMAGE_TOO_LARGE": ImageError,
    "TOO_MANY_PIXELS": ImageError,
    "TOO_MANY_CHARACTERS": ImageError,
    "MODEL_NOT_FOUND": ModelNotFound,
    "NOT_READY": ServerUnavailable,
    "SHUTTING_DOWN": ServerUnavailable,
    "DEADLINE": DeadlineExceeded,
    "OVERLOADED": Overloaded,
}

_REJECTIONS = {
    value: name.removeprefix("REJECTION_REASON_") for name, value in pb.RejectionReason.items()
}


def prediction(answer: pb.Prediction) -> Prediction:
    """Return one model's answer."""
    return Prediction(
        digit=answer.digit if answer.HasField("digit") else None,
        confidence=answer.confidence,
        probabilities=tuple(answer.probabilities),
        digit_score=answer.digit_score,
        accepted=answer.accepted,
        reason=_rejection(answer.reason),
        model=answer.model,
        model_version=answer.model_version,
        normalized=answer.normalized or None,
        digit_count=answer.digit_count,
    )


def comparison(response: pb.CompareModelsResponse) -> Comparison:
    """Return the models' answers, or errors, by name."""
    answers: dict[str, Prediction | DigitsError] = {}
    for result in response.results:
        if result.WhichOneof("outcome") == "prediction":
            answers[result.model] = prediction(result.prediction)
        else:
            error = result.error
            kind = _BY_REASON.get(error.reason, DigitsError)
            answers[result.model] = kind(
                error.message, reason=error.reason, field=error.field or None
            )
    return Comparison(predictions=answers, agree=response.agree)


def number(answer: pb.Number) -> Number:
    """Return a number of several digits."""
    digits = tuple(
        NumberDigit(
            digit=digit.digit if digit.HasField("digit") else None,
            confidence=digit.confidence,
            box=Box(digit.box.x, digit.box.y, digit.box.width, digit.box.height),
            alternatives=tuple(Alternative(a.digit, a.confidence) for a in digit.alternatives),
            accepted=digit.accepted,
            row=digit.row,
        )
        for digit in answer.digits
    )
    return Number(answer.text, answer.confidence, digits, _rejection(answer.reason))


def models(response: pb.ListModelsResponse) -> list[Model]:
    """Return the published models in the order of their names."""
    return [
        Model(
            name=model.name,
            version=model.version,
            digest=model.digest,
            ready=model.ready,
            parameters=model.parameters,
            metrics=dict(model.metrics),
            normalizer_version=model.normalizer_version,
            error=model.error or None,
            default=model.name == response.default_model,
        )
        for model in response.models
    ]


def serving(response: health_pb2.HealthCheckResponse) -> bool:
    """Return whether the server says that it serves."""
    return bool(response.status == health_pb2.HealthCheckResponse.SERVING)


def failure(call: Any, address: str, timeout: float) -> DigitsError:
    """Return the error for a call that ended without an answer.

    `call` is the `grpc.RpcError` or `grpc.aio.AioRpcError` that was raised; what
    the server says about itself, a reason and a field, comes before its code.
    """
    status = _status(call)
    if status is not None:
        info, field = _details(status)
        if info is not None:
            kind = _BY_REASON.get(info.reason, DigitsError)
            return kind(status.message, reason=info.reason, field=field)
    return _transport_failure(call.code(), call.details() or "", address, timeout)


def unavailable(call: Any) -> bool:
    """Return whether a call ended without an answer as there was nobody to give one."""
    return bool(call.code() is grpc.StatusCode.UNAVAILABLE)


def too_many(call: Any) -> bool:
    """Return whether the server itself says that fewer pictures in a message would do."""
    status = _status(call)
    info = status and _details(status)[0]
    return bool(info and info.reason in {"DEADLINE", "TOO_MANY_ITEMS"})


def _transport_failure(  # noqa: PLR0911 - a return for each row of the table
    code: grpc.StatusCode, details: str, address: str, timeout: float
) -> DigitsError:
    """Return the error for a status that gRPC, or something on the way, made."""
    match code:
        case grpc.StatusCode.UNAVAILABLE if "backend unhealthy" in details:
            return ServerUnavailable(
                f"the server at {address} is starting or stopping: try again in a moment",
                reason="NOT_READY",
            )
        case grpc.StatusCode.UNAVAILABLE:
            return ServerUnavailable(
                f"no digits server answers at {address}: start one with `make up`, "
                "or give the address of another; its port is the gRPC server's (50051 unless set), "
                "not the gateway's",
                reason="UNAVAILABLE",
            )
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return DeadlineExceeded(
                f"no answer from {address} within {timeout:g} s", reason="DEADLINE"
            )
        case grpc.StatusCode.RESOURCE_EXHAUSTED if "larger than max" in details:
            return ImageError(
                "the message is larger than the server takes: send a smaller copy",
                reason="IMAGE_TOO_LARGE",
            )
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            return Overloaded(
                f"the server at {address} is overloaded: try again later", reason="OVERLOADED"
            )
        case grpc.StatusCode.UNIMPLEMENTED:
            return DigitsError(
                f"the server at {address} does not offer this call; reading numbers "
                "needs a server with a reader model",
                reason="UNIMPLEMENTED",
            )
    return DigitsError(f"the server at {address} failed: {code.name}: {details}")


def _status(call: Any) -> Status | None:
    try:
        return rpc_status.from_call(call)
    except ValueError:  # a proxy has rewritten the code: believe the code
        return None


def _details(status: Status) -> tuple[ErrorInfo | None, str | None]:
    info, field = None, None
    for detail in status.details:
        if detail.Is(ErrorInfo.DESCRIPTOR):
            info = ErrorInfo.FromString(detail.value)
        elif detail.Is(BadRequest.DESCRIPTOR):
            violations = BadRequest.FromString(detail.value).field_violations
            field = violations[0].field if violations else None
    return info, field


def _rejection(reason: int) -> str | None:
    if reason == pb.REJECTION_REASON_UNSPECIFIED:
        return None
    return _REJECTIONS.get(reason, f"REASON_{reason}")  # a newer server's has no name here
