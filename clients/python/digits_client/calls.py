"""Each method of the service as a value: which stub method, what to send, how to read it.

Both clients send these; they differ only in how they wait.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from digits.v1 import digits_pb2 as pb
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2

from digits_client import translation
from digits_client.answers import Comparison, Model, Number, Prediction
from digits_client.errors import DigitsError, ImageError
from digits_client.images import Picture, encode, encode_pixels
from digits_client.pace import Pace

if TYPE_CHECKING:
    from typing_extensions import Buffer

Answer = TypeVar("Answer")

_BATCH_BYTES = 2**20
"""When a message is full, far below the server's limit of 32 MiB: one of photographs
or scans, with hundreds of milliseconds of work in each, then stays within the
deadline. A larger picture travels alone."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """One call: the method's name, the request and how to read the response."""

    method: str
    request: Message
    read: Callable[[Any], Answer]


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of a batch: the pictures of one message, and those that cannot be sent.

    `unsent` has an entry a picture, None for those in the message; `start` is
    the first one's index among all pictures of the batch, `pace` what learns how
    long they take.
    """

    request: pb.PredictBatchRequest
    unsent: list[ImageError | None]
    start: int
    pace: Pace

    def answered(self, seconds: float) -> None:
        """Take note of how long the answer took."""
        self.pace.answered(len(self.request.images), seconds)

    def merge(
        self, response: pb.PredictBatchResponse | None = None
    ) -> list[Prediction | ImageError]:
        """Return the outcomes in the pictures' order; no response when nothing was sent."""
        response = response or pb.PredictBatchResponse()
        if len(response.results) != len(self.request.images):
            raise DigitsError(
                f"the server answered {len(response.results)} of {len(self.request.images)} "
                "pictures of a message"
            )
        results = iter(response.results)
        return [
            error or self._outcome(next(results), index)
            for index, error in enumerate(self.unsent, self.start)
        ]

    def halves(self, error: Any) -> list["Batch"]:
        """Return two batches to send one after the other instead of this one that failed.

        There are none unless several pictures were too many for the server, for its
        time or for its limit.
        """
        if len(self.request.images) < 2 or not translation.too_many(error):
            return []
        self.pace.refused(len(self.request.images))
        middle = len(self.unsent) // 2
        images = self.unsent[:middle].count(None)
        parts = [
            Batch(pb.PredictBatchRequest(), self.unsent[:middle], self.start, self.pace),
            Batch(pb.PredictBatchRequest(), self.unsent[middle:], self.start + middle, self.pace),
        ]
        for part, chosen in zip(parts, (slice(images), slice(images, None)), strict=True):
            part.request.images.extend(self.request.images[chosen])
            part.request.model = self.request.model
            part.request.include_normalized = self.request.include_normalized
        return parts

    def _outcome(self, result: pb.PredictResult, index: int) -> Prediction | ImageError:
        if result.WhichOneof("outcome") == "prediction":
            return translation.prediction(result.prediction)
        error = result.error
        return ImageError(error.message, reason=error.reason, field=_renumbered(error.field, index))


def predict(
    image: Picture | None, pixels: "Buffer | None", model: str | None, include_normalized: bool
) -> Call[Prediction]:
    """Return the call for one picture, given as `image` or as `pixels`."""
    if image is not None and pixels is None:
        encoded = encode(image)
    elif pixels is not None and image is None:
        encoded = encode_pixels(pixels)
    else:
        raise TypeError("give one picture, either as `image` or as `pixels`")
    request = pb.PredictRequest(
        image=encoded, model=model or "", include_normalized=include_normalized
    )
    return Call("Predict", request, lambda response: translation.prediction(response.prediction))


def compare_models(image: Picture, models: Iterable[str]) -> Call[Comparison]:
    """Return the call that shows one picture to several models."""
    request = pb.CompareModelsRequest(image=encode(image), models=models)
    return Call("CompareModels", request, translation.comparison)


MOST_DIGITS = 1_000
"""A bound on a number's digits is no larger: the reader's limit, which it would name itself."""


def read_number(image: Picture, min_digits: int, max_digits: int) -> Call[Number]:
    """Return the call for a number of several digits."""
    request = pb.ReadNumberRequest(
        image=encode(image), min_digits=min_digits, max_digits=max_digits
    )
    return Call("ReadNumber", request, lambda response: translation.number(response.number))


def list_models() -> Call[list[Model]]:
    """Return the call for the published models."""
    return Call("ListModels", pb.ListModelsRequest(), translation.models)


def health() -> Call[bool]:
    """Return the call of the standard health service."""
    return Call("Check", health_pb2.HealthCheckRequest(), translation.serving)


def batches(
    images: Iterable[Picture], model: str | None, include_normalized: bool
) -> Iterator[Batch]:
    """Yield the pictures in order, cut into messages of a size that suits the server.

    Pictures are read and encoded as the messages are asked for, so that a batch
    of any length takes the memory of a few messages. One that cannot be read or
    sent becomes an `ImageError` in its place.
    """

    def empty(start: int) -> Batch:
        request = pb.PredictBatchRequest(model=model or "", include_normalized=include_normalized)
        return Batch(request, [], start, pace)

    pace = Pace()
    batch, size = empty(0), 0
    for index, picture in enumerate(images):
        image, unsent = _attempt(picture, index)
        added = image.ByteSize()
        full = len(batch.unsent) >= pace.items or size + added > _BATCH_BYTES
        if full and batch.unsent:
            yield batch
            batch, size = empty(index), 0
        batch.unsent.append(unsent)
        if unsent is None:
            batch.request.images.append(image)
        size += added
    if batch.unsent:
        yield batch


def _attempt(picture: Picture, index: int) -> tuple[pb.Image, ImageError | None]:
    """Return the picture's message, or why it cannot be sent."""
    try:
        return encode(picture), None
    except ImageError as error:
        error.field = _renumbered(error.field, index)
        return pb.Image(), error


def _renumbered(field: str | None, index: int) -> str:
    """Return the field of one picture as it is called in the caller's batch."""
    return re.sub(r"^(image|images\[\d+\])(?=\.|$)", f"images[{index}]", field or "image")
