"""Between the messages of the contract and plain values."""

from collections.abc import Iterable, Sequence

import numpy as np
from digits.v1 import digits_pb2 as pb
from digits_core import Number, NumberDigit, Prediction, Reader, Recognizer, Rejection
from numpy.typing import NDArray

from digits_server.coalescer import Row
from digits_server.errors import FieldError
from digits_server.models import Broken, Models
from digits_server.picture import Encoded, Missing, Picture, Pixels, Raw
from digits_server.status import Status

Outcome = Prediction | FieldError

VALUES = 28 * 28
"""Bytes of `pixels`."""


def picture(image: pb.Image, field: str) -> Picture:
    """The picture that a message at `field` of the request holds."""
    match image.WhichOneof("source"):
        case "encoded":
            return Encoded(f"{field}.encoded", image.encoded)
        case "pixels":
            return Pixels(f"{field}.pixels", image.pixels)
        case "raw":
            raw = image.raw
            return Raw(f"{field}.raw", raw.width, raw.height, raw.channels, raw.data)
        case _:
            return Missing(field)


def pictures(images: Iterable[pb.Image]) -> list[Picture]:
    """The pictures of a batch."""
    return [picture(image, f"images[{place}]") for place, image in enumerate(images)]


def alone(answer: Prediction | Row) -> Prediction:
    """An answer that may have been found together with others."""
    return answer.prediction if isinstance(answer, Row) else answer


def response(answer: Prediction | Row, *, with_normalized: bool) -> pb.PredictResponse:
    """The answer to one call."""
    return pb.PredictResponse(prediction=prediction(alone(answer), with_normalized=with_normalized))


def prediction(answer: Prediction, *, with_normalized: bool) -> pb.Prediction:
    """One answer, with what the model saw if that was asked for."""
    return pb.Prediction(
        digit=answer.digit,
        confidence=answer.confidence,
        probabilities=answer.probabilities,
        digit_score=answer.digit_score,
        accepted=answer.accepted,
        reason=_reason(answer.reason),
        model=answer.model,
        model_version=answer.model_version,
        normalized=answer.normalized.tobytes() if with_normalized else None,
        digit_count=answer.digit_count,
    )


def values(images: Sequence[pb.Image]) -> NDArray[np.uint8] | None:
    """The values uint8[N, 28, 28] of a batch that holds nothing else, each of the right size."""
    rows = [image.pixels for image in images]
    if not rows or set(map(len, rows)) != {VALUES}:
        return None
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, 28, 28)


def batch(outcomes: Iterable[Outcome], *, with_normalized: bool) -> pb.PredictBatchResponse:
    """The outcomes of a batch, in order."""
    return pb.PredictBatchResponse(
        results=[
            pb.PredictResult(error=_item_error(outcome))
            if isinstance(outcome, FieldError)
            else pb.PredictResult(prediction=prediction(outcome, with_normalized=with_normalized))
            for outcome in outcomes
        ]
    )


def comparison(names: Sequence[str], outcomes: Sequence[Outcome]) -> pb.CompareModelsResponse:
    """What the models said about one picture, in the order of `names`."""
    return pb.CompareModelsResponse(
        results=[
            pb.ModelResult(model=name, error=_item_error(outcome))
            if isinstance(outcome, FieldError)
            else pb.ModelResult(model=name, prediction=prediction(outcome, with_normalized=True))
            for name, outcome in zip(names, outcomes, strict=True)
        ],
        agree=_agree(outcomes),
    )


def number(answer: Number) -> pb.Number:
    """What was read in one picture."""
    return pb.Number(
        text=answer.text,
        confidence=answer.confidence,
        digits=[_number_digit(digit) for digit in answer.digits],
        reason=_reason(answer.reason),
    )


def listing(models: Models) -> pb.ListModelsResponse:
    """All models, those that did not load too."""
    return pb.ListModelsResponse(
        models=[_broken(model) if isinstance(model, Broken) else _ready(model) for model in models],
        default_model=models.default,
    )


def _reason(reason: Rejection | None) -> str | None:
    return f"REJECTION_REASON_{reason}" if reason else None


def _number_digit(digit: NumberDigit) -> pb.NumberDigit:
    box = digit.box
    return pb.NumberDigit(
        digit=digit.digit,
        confidence=digit.confidence,
        box=pb.Box(x=box.x, y=box.y, width=box.width, height=box.height),
        alternatives=[
            pb.Alternative(digit=other.digit, confidence=other.confidence)
            for other in digit.alternatives
        ],
        accepted=digit.accepted,
        row=digit.row,
    )


def _agree(outcomes: Sequence[Outcome]) -> bool:
    digits = {outcome.digit for outcome in outcomes if isinstance(outcome, Prediction)}
    return len(digits) == 1 and not any(isinstance(outcome, FieldError) for outcome in outcomes)


def _item_error(error: FieldError) -> pb.ItemError:
    status = Status.of(error)
    return pb.ItemError(reason=status.reason, message=status.message, field=status.field)


def _broken(model: Broken) -> pb.Model:
    return pb.Model(name=model.name, version=model.version, ready=False, error=model.error)


def _ready(model: Recognizer | Reader) -> pb.Model:
    manifest = model.manifest
    return pb.Model(
        name=model.name,
        version=model.version,
        digest=manifest.digest,
        ready=True,
        parameters=manifest.parameters,
        metrics=manifest.metrics,
        normalizer_version=manifest.normalizer_version,
    )
