"""Answers in columns, as the bytes of the contract's messages, without a message for each.

All accepted answers of one model have messages of the same length, with their
numbers at the same places. protobuf writes one; the others are copies of it
with other numbers.
"""

import struct
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from digits.v1 import digits_pb2 as pb
from digits_core import Answers
from google.protobuf.message import Message
from numpy.typing import NDArray

from digits_server import translation
from digits_server.coalescer import Row

Wrap: TypeAlias = Callable[[pb.Prediction], Message]

# Doubles whose bytes are found nowhere else in a message.
_CONFIDENCE, _SCORE = 0.123456789, 0.987654321
_PROBABILITIES = tuple(place + 0.192837465 for place in range(10))


def response(row: Row) -> bytes:
    """The `PredictResponse` of one call."""
    return _responses(row.answers)[row.place]


def batch(pieces: Iterable[Answers]) -> bytes:
    """The `PredictBatchResponse` of one call, whose answers came in pieces."""
    # A repeated field is one element after the other.
    return b"".join(message for answers in pieces for message in _messages(answers, _result))


@lru_cache(maxsize=4)
def _responses(answers: Answers) -> list[bytes]:
    # The calls that were answered together ask one after the other.
    return _messages(answers, _response)


def _response(one: pb.Prediction) -> Message:
    return pb.PredictResponse(prediction=one)


def _result(one: pb.Prediction) -> Message:
    return pb.PredictBatchResponse(results=[pb.PredictResult(prediction=one)])


def _messages(answers: Answers, wrap: Wrap) -> list[bytes]:
    """The message that `wrap` makes of each answer's `Prediction`, without `normalized`."""
    example = _example(wrap, answers.model, answers.model_version)
    block = np.tile(example.message, (len(answers), 1))
    block[:, example.digit] = answers.digit.view(np.uint8)
    block[:, example.confidence] = _bytes(answers.confidence[:, np.newaxis])
    block[:, example.probabilities] = _bytes(answers.probabilities)
    block[:, example.digit_score] = _bytes(answers.digit_score[:, np.newaxis])
    together, length = block.tobytes(), block.shape[1]
    made = [together[start : start + length] for start in range(0, len(together), length)]
    # A field that is zero is not written: those messages are shorter.
    alike = (answers.reason == 0) & (answers.confidence > 0) & (answers.digit_score > 0)
    for place in np.flatnonzero(~alike).tolist():
        one = translation.prediction(answers[place], with_normalized=False)
        made[place] = wrap(one).SerializeToString()
    return made


class _Example(NamedTuple):
    """An accepted answer's message uint8[M], and where in it its numbers are."""

    message: NDArray[np.uint8]
    digit: int
    confidence: slice
    probabilities: slice
    digit_score: slice


@lru_cache(maxsize=64)
def _example(wrap: Wrap, model: str, model_version: str) -> _Example:
    def written(digit: int) -> NDArray[np.uint8]:
        one = pb.Prediction(
            digit=digit,
            confidence=_CONFIDENCE,
            probabilities=_PROBABILITIES,
            digit_score=_SCORE,
            accepted=True,
            model=model,
            model_version=model_version,
            digit_count=1,
        )
        return np.frombuffer(wrap(one).SerializeToString(), np.uint8)

    def place(*numbers: float) -> slice:
        wanted = struct.pack(f"<{len(numbers)}d", *numbers)
        start = message.tobytes().index(wanted)
        return slice(start, start + len(wanted))

    message = written(0)
    digit = int(np.flatnonzero(message != written(1)).item())
    return _Example(message, digit, place(_CONFIDENCE), place(*_PROBABILITIES), place(_SCORE))


def _bytes(numbers: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(numbers, "<f8").view(np.uint8)
