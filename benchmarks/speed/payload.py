"""The same pictures as every measure takes them: in requests, in files, in process."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from digits.v1 import digits_pb2 as pb
from digits_core import Recognizer, from_pixels, prepare

from benchmarks.speed import bodies
from benchmarks.speed.inprocess import Task

BODIES = 64
RAW, PNG = "raw 28x28", "PNG 280x280"


@dataclass(frozen=True)
class Payload:
    """What is sent: as requests, as the in-process limit takes it, and the digits on it."""

    name: str
    task: Task
    pictures: list[bytes]
    requests: list[bytes]
    digits: list[int | None]

    def check(self, index: int, reply: bytes) -> bool:
        """Whether the reply reads what the recogniser reads in this process."""
        prediction = pb.PredictResponse.FromString(reply).prediction
        digit = prediction.digit if prediction.HasField("digit") else None
        return digit == self.digits[index] and len(prediction.probabilities) == 10


@cache
def payloads(data: Path | None) -> tuple[Payload, Payload]:
    """The two that people send most: 784 values, and a canvas as a PNG file."""
    return _values(RAW, bodies.values(data, BODIES)), files(PNG, data, BODIES, bodies.CANVAS)


def files(name: str, data: Path | None, count: int, side: int) -> Payload:
    """Canvases as PNG files of `side` x `side` pixels."""
    pictures = list(bodies.files(data, count, side))
    seen = Recognizer.load().recognize([prepare(file) for file in pictures])
    requests = [bodies.predict_file(file) for file in pictures]
    return Payload(name, "file", pictures, requests, [answer.digit for answer in seen])


def _values(name: str, pictures: list[bytes]) -> Payload:
    seen = Recognizer.load().recognize([from_pixels(pixels) for pixels in pictures])
    requests = [bodies.predict_values(pixels) for pixels in pictures]
    return Payload(name, "values", pictures, requests, [answer.digit for answer in seen])
