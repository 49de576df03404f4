import asyncio
from collections.abc import Iterator

import grpc
import numpy as np
import pytest
from digits_client import (
    AsyncClient,
    Client,
    DeadlineExceeded,
    DigitsError,
    ImageError,
    ModelNotFound,
)


async def _asynchronously(address: str, images, **arguments) -> list:
    async with AsyncClient(address) as client:
        return await client.predict_batch(images, **arguments)


def _synchronously(address: str, images, **arguments) -> list:
    with Client(address) as client:
        return client.predict_batch(images, **arguments)


@pytest.fixture(params=["sync", "async"])
def batch(request, address):
    """Either client's predict_batch against the fake."""
    if request.param == "sync":
        return lambda images, **arguments: _synchronously(address, images, **arguments)
    return lambda images, **arguments: asyncio.run(_asynchronously(address, images, **arguments))


def test_the_order_is_kept_over_messages(batch, fake):
    """A thousand pictures, in several messages at once, come back in their order."""
    fake.delay = 0.01
    outcomes = batch([bytes([index % 251]) for index in range(1000)])

    assert [outcome.digit for outcome in outcomes] == [index % 251 % 10 for index in range(1000)]
    assert 2 <= fake.most_under_way <= 4


def test_messages_grow_while_answers_come_quickly(batch, fake):
    """The first are small; of a server that is quick, later ones are large, within a bound."""
    batch([b"8"] * 5000)

    sizes = [len(request.images) for request in fake.requests]
    assert sizes[0] == 16
    assert 64 < max(sizes) <= 512


def test_an_empty_batch_asks_nobody(batch, fake):
    """No pictures, no answers, no call."""
    assert batch([]) == []
    assert fake.requests == []


def test_a_bad_picture_fails_in_its_place(batch):
    """What the server refuses is returned, and its field counts in the caller's list."""
    outcomes = batch([bytes([index]) for index in range(100)] + [b"bad", b"8"])

    error = outcomes[100]
    assert isinstance(error, ImageError)
    assert (error.reason, str(error)) == ("CORRUPT_IMAGE", "cut short")
    assert error.field == "images[100].encoded"
    assert outcomes[101].digit == 6


@pytest.mark.parametrize(
    ("picture", "reason", "field"),
    [
        pytest.param("missing.png", "UNREADABLE_FILE", "images[1]", id="unreadable"),
        pytest.param(bytes(33 * 2**20), "IMAGE_TOO_LARGE", "images[1].encoded", id="too large"),
        pytest.param(np.zeros((4, 4)), "UNSUPPORTED_FORMAT", "images[1].raw", id="float array"),
    ],
)
def test_a_picture_that_cannot_be_sent_fails_in_its_place(batch, picture, reason, field):
    """What never reaches the server is returned too, its neighbours answered."""
    before, error, after = batch([b"8", picture, b"7"])

    assert (before.digit, after.digit) == (6, 5)
    assert isinstance(error, ImageError)
    assert (error.reason, error.field) == (reason, field)


def test_a_message_of_errors_alone_is_not_sent(batch, fake):
    """Pictures that cannot be read take no call."""
    outcomes = batch(["missing.png"] * 70)

    assert [outcome.reason for outcome in outcomes] == ["UNREADABLE_FILE"] * 70
    assert fake.requests == []


def test_large_pictures_are_split_by_bytes(batch, fake):
    """Messages stay small, and a picture larger than that goes alone."""
    small, large = b"8" + bytes(2**19), b"7" + bytes(20 * 2**20)
    outcomes = batch([small, small, large, small])

    assert [outcome.digit for outcome in outcomes] == [6, 6, 5, 6]
    assert sorted(len(request.images) for request in fake.requests) == [1, 1, 1, 1]


def test_an_unknown_model_fails_the_batch(batch, fake):
    """What ails every picture is raised, not returned."""
    fake.fail(grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND", "no nine", "model")

    with pytest.raises(ModelNotFound, match="no nine"):
        batch([b"8"] * 500, model="nine")

    assert {request.model for request in fake.requests} == {"nine"}


def test_a_dropped_item_is_noticed(batch, fake):
    """A response of another length is an error, never answers for the wrong pictures."""
    fake.dropped = 1

    with pytest.raises(DigitsError, match="2 of 3"):
        batch([b"8"] * 3)


def test_a_slow_server_gets_smaller_messages(batch, fake):
    """What the server has no time for is sent in halves, and every outcome keeps its place."""
    fake.quick = 10
    images = [bytes([index]) for index in range(100)]
    images[40], images[70] = b"bad", "missing.png"
    outcomes = batch(images, model="mlp")

    assert [getattr(outcome, "digit", None) for outcome in outcomes] == [
        None if index in {40, 70} else index % 10 for index in range(100)
    ]
    assert [outcomes[index].field for index in (40, 70)] == ["images[40].encoded", "images[70]"]
    assert {outcome.model for outcome in outcomes if hasattr(outcome, "model")} == {"mlp"}
    assert sum(len(r.images) for r in fake.requests if len(r.images) <= 10) == 99


def test_a_server_without_time_for_one_picture_fails_the_batch(batch, fake):
    """When no smaller message is possible, the deadline is raised."""
    fake.quick = 0

    with pytest.raises(DeadlineExceeded, match="send less"):
        batch([b"8"] * 4)

    assert [len(request.images) for request in fake.requests] == [4, 2, 1]


def test_the_caller_s_own_deadline_is_kept(batch, fake):
    """When the caller's time is over, nothing is sent again."""
    fake.delay = 2.0

    # On a busy machine it takes a while until the server has the first.
    with pytest.raises(DeadlineExceeded):
        batch([b"8"] * 4, timeout=1.0)

    assert len(fake.requests) == 1


def test_unavailable_is_tried_again(batch, fake):
    """A message of a batch is repeated like a single call."""
    fake.failures.append(grpc.StatusCode.UNAVAILABLE)

    assert len(batch([b"8" + bytes(2**18)] * 3)) == 3
    assert len(fake.requests) == 2


def test_a_stream_reads_a_few_messages_ahead(address):
    """Pictures are taken as they are needed, so that any number fits into memory."""
    taken = 0

    def pictures() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(10_000):
            taken += 1
            yield b"8"

    with Client(address) as client:
        stream = client.predict_stream(pictures())
        next(stream)
        ahead = taken
        stream.close()

    assert ahead <= 8 * 64 + 1
    assert taken == ahead


def test_an_async_stream_yields_as_it_comes(address):
    """The asynchronous stream yields in order, and can be left early."""

    async def first(count: int) -> list:
        digits = []
        async with AsyncClient(address) as client:
            async for outcome in client.predict_stream(bytes([i]) for i in range(200)):
                digits.append(outcome.digit)
                if len(digits) == count:
                    return digits
        return digits

    assert asyncio.run(first(70)) == [index % 10 for index in range(70)]
