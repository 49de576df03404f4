"""The recogniser, as one request sees it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from digits_client import AsyncClient, Comparison, DigitsError, Model, Number, Prediction
from fastapi import Request
from starlette.requests import ClientDisconnect

from digits_gateway.picture import Picture
from digits_gateway.problems import Problem

Result = TypeVar("Result")

_HEALTH_TIMEOUT = 2.0
"""Seconds: a probe wants to know now."""


class Backend:
    """Calls the recogniser in the request's time, under its id, while its caller waits.

    Every method raises `Problem`, and `ClientDisconnect` when the caller hangs
    up: the call is then cancelled, not finished for nobody.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._client: AsyncClient = request.state.client
        self._timeout: float = request.state.deadline
        self._metadata = [("x-request-id", request.state.request_id)]

    async def predict(self, sent: Picture, model: str, *, include_normalized: bool) -> Prediction:
        """Return a model's answer for a picture; the default model's unless named."""
        call = self._client.predict(
            sent.data,
            model,
            include_normalized=include_normalized,
            timeout=self._timeout,
            metadata=self._metadata,
        )
        return await self._ask(call, sent.field)

    async def compare(self, sent: Picture) -> Comparison:
        """Return the MLP's and the CNN's answers for a picture."""
        call = self._client.compare_models(
            sent.data, timeout=self._timeout, metadata=self._metadata
        )
        return await self._ask(call, sent.field)

    async def read(self, sent: Picture, min_digits: int, max_digits: int) -> Number:
        """Return the number in a picture; a bound of 0 is none."""
        call = self._client.read_number(
            sent.data,
            min_digits=min_digits,
            max_digits=max_digits,
            timeout=self._timeout,
            metadata=self._metadata,
        )
        return await self._ask(call, sent.field)

    async def models(self) -> list[Model]:
        """Return the published models."""
        return await self._ask(
            self._client.list_models(timeout=self._timeout, metadata=self._metadata)
        )

    async def check(self) -> None:
        """Return while the recogniser serves; raise NOT_READY otherwise."""
        call = self._client.health(timeout=_HEALTH_TIMEOUT, metadata=self._metadata)
        try:
            serving = await self._ask(call)
        except Problem as problem:
            raise Problem("NOT_READY", problem.detail) from problem
        if not serving:
            raise Problem("NOT_READY", "The recogniser is starting or stopping.")

    async def _ask(self, call: Coroutine[Any, Any, Result], picture_field: str = "") -> Result:
        try:
            async with asyncio.timeout(None) as until:
                watch = asyncio.create_task(self._end_at_hangup(until))
                try:
                    return await call
                finally:
                    watch.cancel()
        except TimeoutError:
            raise ClientDisconnect from None
        except DigitsError as error:
            raise Problem.of(error, picture_field) from error

    async def _end_at_hangup(self, until: asyncio.Timeout) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        until.reschedule(asyncio.get_running_loop().time())
