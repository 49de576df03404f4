import asyncio

import pytest
from digits_server import deadline
from digits_server.admission import Admission, Phase
from digits_server.errors import DeadlinePassed, NotReady, Overloaded, ShuttingDown


@pytest.mark.parametrize(
    ("phase", "refusal"), [(Phase.LOADING, NotReady), (Phase.DRAINING, ShuttingDown)]
)
def test_phases(phase: Phase, refusal: type[Exception]) -> None:
    """Outside serving nothing is taken."""
    admission = Admission(1)
    admission.phase = phase

    with pytest.raises(refusal), admission.enter():
        pass
    assert admission.in_flight == 0


def test_places() -> None:
    """Only so many calls are at work, and a failed one gives its place back."""
    admission = Admission(1)
    admission.phase = Phase.SERVING

    def fail() -> None:
        with admission.enter():
            assert admission.in_flight == 1
            assert not admission.idle.is_set()
            with pytest.raises(Overloaded), admission.enter():
                pass
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with admission.enter():
        pass
    assert admission.in_flight == 0
    assert admission.idle.is_set()


async def test_deadline_cancels() -> None:
    """What waits for too long is cancelled, and the deadline holds for its body alone."""
    with pytest.raises(DeadlinePassed):
        async with deadline.within(0.01):
            await asyncio.sleep(60)
    deadline.check()


@pytest.mark.parametrize("seconds", [0, -1])
async def test_deadline_has_passed(seconds: float) -> None:
    """With no time left nothing is begun."""
    begun = False
    with pytest.raises(DeadlinePassed):
        async with deadline.within(seconds):
            begun = True
    assert not begun


async def test_caller_who_cancels_sees_no_deadline() -> None:
    """A cancellation from outside stays one."""

    async def call() -> None:
        async with deadline.within(60):
            await asyncio.sleep(60)

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
