"""An AsyncClient that knows the addresses of the server's processes."""

import asyncio
import sys
import time
import uuid
from collections.abc import Callable

import grpc
import pytest
from digits_client import AsyncClient

PATIENCE_S = 30.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")


@pytest.fixture
def names() -> list[str]:
    """Two addresses that nobody else has."""
    return [f"unix-abstract:digits-test-{uuid.uuid4()}-{index}" for index in range(2)]


async def ask_until(client: AsyncClient, happened: Callable[[], object]) -> None:
    """Ask until something has happened; every call is answered."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert (await client.predict(b"8")).digit == 6
        assert time.monotonic() < end


def test_workers_share_the_calls(address, fake, names, workers, serve):
    """The common address is left alone while they are there."""

    async def ask() -> None:
        async with AsyncClient(address, workers=names) as client:
            askers = [ask_until(client, lambda: all(w.requests for w in workers)) for _ in "12"]
            await asyncio.gather(*askers)
            fake.requests.clear()
            await asyncio.gather(*(client.predict(b"8") for _ in range(100)))
            await client.predict_batch([b"8"] * 1000)

    with serve(workers[0], names[0]), serve(workers[1], names[1]):
        asyncio.run(ask())

    assert fake.requests == []


def test_absent_workers_are_not_missed(address, fake, names):
    """With none of them there, the common address answers every call."""

    async def ask() -> None:
        async with AsyncClient(address, workers=names) as client:
            await asyncio.gather(*(client.predict(b"8") for _ in range(100)))

    asyncio.run(ask())

    assert len(fake.requests) == 100


def test_a_worker_may_leave_and_return(address, fake, names, workers, serve):
    """No call is lost when it goes, and it gets its part again when it is back."""

    async def ask() -> None:
        async with AsyncClient(address, workers=names[:1]) as client:
            with serve(workers[0], names[0]):
                await ask_until(client, lambda: workers[0].requests)
            await ask_until(client, lambda: len(fake.requests) > 10)
            workers[0].requests.clear()
            with serve(workers[0], names[0]):
                await ask_until(client, lambda: workers[0].requests)

    asyncio.run(ask())


def test_what_a_worker_cannot_do_the_common_address_does(address, fake, names, workers, serve):
    """A call that ends UNAVAILABLE is sent again, there; any other end is the call's."""

    async def ask() -> list[int | None]:
        async with AsyncClient(address, workers=names[:1]) as client:
            await ask_until(client, lambda: workers[0].requests)
            fake.requests.clear()
            workers[0].failures.append(grpc.StatusCode.UNAVAILABLE)
            fake.failures.append(grpc.StatusCode.UNAVAILABLE)
            answer = await client.predict(b"8")
            workers[0].failures.append(grpc.StatusCode.UNAVAILABLE)
            outcomes = await client.predict_batch([b"8"])
            return [answer.digit, outcomes[0].digit]

    with serve(workers[0], names[0]):
        assert asyncio.run(ask()) == [6, 6]

    assert len(fake.requests) == 3
