"""The query of a request: the parameters that there are, and what each may hold."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from digits_client.calls import MOST_DIGITS
from fastapi import Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import Field

from digits_gateway.problems import Problem

Bound = Annotated[int, Field(ge=0, le=MOST_DIGITS)]

ModelName = Annotated[str, Query(description="A name from `/models`; empty for the default.")]
Normalized = Annotated[bool, Query(description="Whether to add `normalized` to each answer.")]
MinDigits = Annotated[Bound, Query(description="The fewest digits in the number; 0: no bound.")]
MaxDigits = Annotated[Bound, Query(description="The most digits in the number; 0: no bound.")]

_BOUND = f"a whole number from 1 to {MOST_DIGITS:,}, or 0 for no bound"
_WANTED = {"include_normalized": "true or false", "min_digits": _BOUND, "max_digits": _BOUND}

_ECHOED = 64
"""Characters of what a caller sent that stand in the answer."""


class Route(APIRoute):
    """A route that refuses what its query should not hold, and says what to give instead."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()
        known = [parameter.alias for parameter in self.dependant.query_params]

        async def checked(request: Request) -> Response:
            # Where there are none nobody means one: probes add some against caches.
            if known and request.scope["query_string"]:
                _refuse_unknown(request, known)
            try:
                return await answer(request)
            except RequestValidationError as error:
                raise _problem(error) from None

        return checked


def _refuse_unknown(request: Request, known: list[str]) -> None:
    for name in request.query_params:
        if name not in known:
            shown = name[:_ECHOED]
            detail = f"There is no parameter {shown!r}: give {' or '.join(known)} here."
            raise Problem("INVALID_REQUEST", detail, field=shown)


def _problem(error: RequestValidationError) -> Problem:
    fault = error.errors()[0]
    field = fault["loc"][-1]
    detail = f"{field} is {fault['input'][:_ECHOED]!r}: give {_WANTED[field]}."
    return Problem("INVALID_REQUEST", detail, field=field)
