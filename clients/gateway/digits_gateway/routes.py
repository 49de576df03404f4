"""The REST interface: each route translates, calls and translates.

What they need they take from the request: resolving it as FastAPI's dependencies
took a tenth of a request's time.
"""

from typing import Any

from fastapi import APIRouter, Request

from digits_gateway.answers import Answer, ComparisonAnswer, ModelsAnswer, NumberAnswer, State
from digits_gateway.backend import Backend
from digits_gateway.picture import receive
from digits_gateway.problems import responses
from digits_gateway.query import MaxDigits, MinDigits, ModelName, Normalized, Route

router = APIRouter(route_class=Route)

_FILE = {"type": "string", "format": "binary"}
_MEDIA_TYPES = ("application/octet-stream", "image/png", "image/jpeg", "image/webp")

PICTURE_BODY: dict[str, Any] = {
    "requestBody": {
        "description": "A PNG, JPEG, WebP, BMP, GIF or TIFF file of at most 16 MiB, as the form's "
        "field `file` or as the body itself. The content tells the format, whatever the type says.",
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": _FILE}, "required": ["file"]}
            },
            **{kind: {"schema": _FILE} for kind in _MEDIA_TYPES},
        },
    }
}
"""The body is read by `receive`, so FastAPI cannot know it."""

PICTURE_PROBLEMS = responses(400, 404, 408, 413, 415, 422, 429, 500, 503, 504)
NUMBER_PROBLEMS = responses(400, 408, 413, 415, 422, 429, 500, 501, 503, 504)


@router.post(
    "/predict",
    summary="Read the digit in a picture",
    response_model_exclude_unset=True,
    responses=PICTURE_PROBLEMS,
    openapi_extra=PICTURE_BODY,
)
async def predict(
    request: Request, model: ModelName = "", include_normalized: Normalized = False
) -> Answer:
    """Answer with the digit, how sure it is, and whether it is one clear digit at all."""
    sent = await receive(request, request.state.intake)
    prediction = await Backend(request).predict(sent, model, include_normalized=include_normalized)
    return Answer.of(prediction, include_normalized=include_normalized)


@router.post(
    "/compare",
    summary="Show a picture to every model",
    response_model_exclude_unset=True,
    responses=PICTURE_PROBLEMS,
    openapi_extra=PICTURE_BODY,
)
async def compare(request: Request, include_normalized: Normalized = False) -> ComparisonAnswer:
    """Answer with what the MLP and the CNN say, side by side."""
    sent = await receive(request, request.state.intake)
    comparison = await Backend(request).compare(sent)
    return ComparisonAnswer.of(comparison, include_normalized=include_normalized)


@router.post(
    "/read",
    summary="Read a number of several digits",
    responses=NUMBER_PROBLEMS,
    openapi_extra=PICTURE_BODY,
)
async def read(
    request: Request, min_digits: MinDigits = 0, max_digits: MaxDigits = 0
) -> NumberAnswer:
    """Answer with the number and where each of its digits stands, in one row or in several."""
    sent = await receive(request, request.state.intake)
    return NumberAnswer.of(await Backend(request).read(sent, min_digits, max_digits))


@router.get("/models", summary="List the published models", responses=responses(429, 500, 503, 504))
async def models(request: Request) -> ModelsAnswer:
    """Answer with the models, their published figures, and which is the default."""
    return ModelsAnswer.of(await Backend(request).models())


@router.get("/healthz", summary="Tell whether the gateway lives")
async def healthz() -> State:
    """Answer as long as this process does, whatever the recogniser does."""
    return State(status="ok")


@router.get("/readyz", summary="Tell whether pictures can be read", responses=responses(503))
async def readyz(request: Request) -> State:
    """Answer 200 while the recogniser serves, 503 otherwise."""
    await Backend(request).check()
    return State(status="ready")
