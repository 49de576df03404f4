"""Messages that were never made: byte by byte what protobuf writes."""

import numpy as np
import pytest
from digits.v1 import digits_pb2 as pb
from digits_core import Answers
from digits_server import rows, translation
from digits_server.coalescer import Row


@pytest.fixture
def answers() -> Answers:
    """Accepted ones of every digit, and between them what is refused, blank, zero or several."""
    rng = np.random.default_rng(0)
    count = 24
    reason = np.zeros(count, np.int8)
    reason[[3, 4, 5, 6, 7]] = [1, 2, 3, 4, 5]
    digit = (np.arange(count) % 10).astype(np.int8)
    digit[3] = -1
    scores = rng.random((2, count))
    scores[:, [3, 8]] = 0
    digit_count = np.ones(count, np.int64)
    digit_count[[3, 5]] = [0, 200]
    return Answers(
        digit=digit,
        confidence=scores[0],
        probabilities=rng.random((count, 10)),
        digit_score=scores[1],
        reason=reason,
        normalized=np.zeros((count, 28, 28), np.uint8),
        digit_count=digit_count,
        model="cnn",
        model_version="12",
    )


def test_batch(answers: Answers) -> None:
    """A batch in pieces is the message with all their results."""
    message = translation.batch([answers[place] for place in range(24)], with_normalized=False)

    assert rows.batch([answers, answers]) == 2 * message.SerializeToString()


def test_response(answers: Answers) -> None:
    """Each call gets its own."""
    for place in range(len(answers)):
        message = translation.response(answers[place], with_normalized=False)

        assert rows.response(Row(answers, place)) == message.SerializeToString()
        assert pb.PredictResponse.FromString(rows.response(Row(answers, place))) == message
