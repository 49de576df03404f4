"""The methods of the contract: translate, call, translate."""

from collections.abc import Sized
from typing import Any, TypeAlias

import grpc
from digits.v1 import digits_pb2 as pb
from digits.v1 import digits_pb2_grpc
from digits_core.reading import check_hints
from typing_extensions import override

from digits_server import rows, translation
from digits_server.batcher import Batcher
from digits_server.coalescer import Row, Seen
from digits_server.errors import FieldError, TooManyItems, at, hints
from digits_server.models import Models

COMPARED = ("mlp", "cnn")
"""The models that a comparison shows unless it names others."""

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


class DigitService(digits_pb2_grpc.DigitServiceServicer):
    """`digits.v1.DigitService`. What it raises, `Calls` turns into a status."""

    def __init__(self, models: Models, batcher: Batcher, *, max_items: int) -> None:
        self._models = models
        self._batcher = batcher
        self._max_items = max_items

    @override
    async def Predict(
        self, request: pb.PredictRequest, context: Context
    ) -> pb.PredictResponse | bytes:
        with at("model"):
            recognizer = self._models.get(request.model)
        picture = translation.picture(request.image, "image")
        found = await self._batcher.answer(picture, recognizer)
        (answer,) = await self._batcher.count(picture, [found], self._models.counter)
        if isinstance(answer, Row) and not request.include_normalized:
            return rows.response(answer)
        return translation.response(answer, with_normalized=request.include_normalized)

    @override
    async def PredictBatch(
        self, request: pb.PredictBatchRequest, context: Context
    ) -> pb.PredictBatchResponse | bytes:
        self._check_count("images", request.images)
        with at("model"):
            recognizer = self._models.get(request.model)
        values = None if request.include_normalized else translation.values(request.images)
        if values is not None:
            return rows.batch(await self._batcher.recognize_values(values, recognizer))
        pictures = translation.pictures(request.images)
        outcomes = await self._batcher.recognize_all(pictures, recognizer)
        outcomes = await self._batcher.count_all(pictures, outcomes, self._models.counter)
        return translation.batch(outcomes, with_normalized=request.include_normalized)

    @override
    async def CompareModels(
        self, request: pb.CompareModelsRequest, context: Context
    ) -> pb.CompareModelsResponse:
        self._check_count("models", request.models)
        names = tuple(request.models) or COMPARED
        picture = translation.picture(request.image, "image")
        seen = await self._batcher.see(picture)
        outcomes = [await self._ask(place, name, seen) for place, name in enumerate(names)]
        outcomes = await self._batcher.count(picture, outcomes, self._models.counter)
        return translation.comparison(names, outcomes)

    @override
    async def ReadNumber(
        self, request: pb.ReadNumberRequest, context: Context
    ) -> pb.ReadNumberResponse:
        reader = self._models.reader()
        with hints():
            check_hints(request.min_digits, request.max_digits)
        number = await self._batcher.read(
            translation.picture(request.image, "image"),
            reader,
            min_digits=request.min_digits,
            max_digits=request.max_digits,
        )
        return pb.ReadNumberResponse(number=translation.number(number))

    @override
    async def ListModels(
        self, request: pb.ListModelsRequest, context: Context
    ) -> pb.ListModelsResponse:
        return translation.listing(self._models)

    async def _ask(self, place: int, name: str, seen: Seen) -> translation.Outcome:
        try:
            with at(f"models[{place}]"):
                recognizer = self._models.get(name)
        except FieldError as error:
            return error
        return translation.alone(await self._batcher.recognize(seen, recognizer))

    def _check_count(self, field: str, items: Sized) -> None:
        with at(field):
            if len(items) > self._max_items:
                raise TooManyItems(
                    f"{field} has {len(items):,} items, at most {self._max_items:,} are taken: "
                    "send them in several calls"
                )
