"""Every failure over HTTP: one table of reasons and statuses, one shape of reply.

Replies follow RFC 9457 (`application/problem+json`) without a `type`; `reason`
is the stable name, `field` the part of the request that is at fault.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from digits_client import DigitsError
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

STATUS: Mapping[str, int] = {
    "EMPTY_IMAGE": 400,
    "CORRUPT_IMAGE": 400,
    "IMAGE_MISSING": 400,
    "WRONG_SIZE": 400,
    "BAD_HINT": 400,
    "MALFORMED_REQUEST": 400,
    "MODEL_NOT_FOUND": 404,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "REQUEST_TIMEOUT": 408,
    "IMAGE_TOO_LARGE": 413,
    "TOO_MANY_PIXELS": 413,
    "TOO_MANY_ITEMS": 413,
    "UNSUPPORTED_FORMAT": 415,
    "IMAGE_TOO_SMALL": 422,
    "BAD_ASPECT": 422,
    "TOO_MANY_CHARACTERS": 422,
    "INVALID_REQUEST": 422,
    "OVERLOADED": 429,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "NOT_READY": 503,
    "SHUTTING_DOWN": 503,
    "DEADLINE": 504,
}
"""The status of each reason; a reason that is not here is INTERNAL."""

_ALIASES = {"UNAVAILABLE": "NOT_READY"}
"""The client tells a silent server from one that starts; a caller of ours need not."""

_FIXED_DETAIL = {
    429: "More pictures arrive than can be read at once: try again in a second.",
    500: "Something went wrong here, and the log holds the details: quote the x-request-id.",
    501: "The recogniser here reads no numbers, as no reader model is published: cut the number "
    "into single digits and send these to /predict.",
    503: "The recogniser cannot be reached at the moment: try again in a few seconds.",
    504: "The answer took too long: try again, or send a smaller picture.",
}
"""What a caller reads when the fault is not theirs: no address, path or exception's text."""

_RETRY_AFTER = {429: "1", 503: "2"}
"""Seconds."""


class Problem(Exception):
    """A request that fails with a `reason` of the table.

    `detail` is a sentence for people: what is wrong, which limit holds, what to do.
    """

    def __init__(self, reason: str, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        reason = _ALIASES.get(reason, reason)
        self.reason = reason if reason in STATUS else "INTERNAL"
        self.status = STATUS[self.reason]
        self.detail = _FIXED_DETAIL.get(self.status, detail)
        self.field = field

    @classmethod
    def of(cls, error: DigitsError, picture_field: str = "file") -> "Problem":
        """Return the problem for a failed call; `picture_field` is where the picture came from."""
        field = error.field
        # The recogniser names its calls; a caller of ours has paths.
        text = str(error).replace("call ReadNumber", "POST /read")
        detail = _sentence(text, field)
        if field is not None and field.startswith("image"):
            field = picture_field
        return cls(error.reason, detail, field=field)

    def document(self) -> "ProblemDocument":
        """Return the reply's body."""
        return ProblemDocument(
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            reason=self.reason,
            field=self.field,
        )

    def response(self, headers: Mapping[str, str] | None = None) -> JSONResponse:
        """Return the reply."""
        added = dict(headers or {})
        if self.status in _RETRY_AFTER:
            added["retry-after"] = _RETRY_AFTER[self.status]
        if self.status == STATUS["REQUEST_TIMEOUT"]:
            added["connection"] = "close"  # the rest of the body would be awaited otherwise
        body = self.document().model_dump()
        return JSONResponse(body, self.status, added, media_type="application/problem+json")


class ProblemDocument(BaseModel):
    """Why a request failed (RFC 9457)."""

    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.", examples=[400])
    detail: str = Field(description="What is wrong, which limit holds, what to do.")
    reason: str = Field(description="The stable name of the failure.", examples=["CORRUPT_IMAGE"])
    field: str | None = Field(description="The part of the request that is at fault.")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's description of the failures that a route can answer with."""
    schema = {"schema": ProblemDocument.model_json_schema()}
    return {
        status: {
            "description": ", ".join(reason for reason, code in STATUS.items() if code == status),
            "content": {"application/problem+json": schema},
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Let every failure of `app`, the framework's own too, leave as a problem document."""

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> JSONResponse:
        return _replied(request, error)

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> JSONResponse:
        wrong = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code)
        asked = f"{request.method} {request.url.path[:200]}"
        detail = f"There is no {asked}: /docs lists what there is."
        return _replied(request, Problem(wrong or "MALFORMED_REQUEST", detail), error.headers)


def _sentence(text: str, field: str | None) -> str:
    first = text.partition(" ")[0]
    a_name = "_" in first or first == field  # is written as the caller has to write it
    return f"{text[:1] if a_name else text[:1].upper()}{text[1:].rstrip('.')}."


def _replied(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    request.state.reason = problem.reason  # for the line in the log
    return problem.response(headers)
