from concurrent.futures import Future

import pytest
from digits_client.pace import Pace, room


@pytest.mark.parametrize(
    ("items", "seconds", "following"),
    [
        pytest.param(16, 0.2, 16, id="in time"),
        pytest.param(16, 0.15, 21, id="a little quicker"),
        pytest.param(16, 0.001, 32, id="at once: twice as many, no more"),
        pytest.param(16, 0.0, 32, id="in no time"),
        pytest.param(500, 0.001, 512, id="the most"),
        pytest.param(64, 1.6, 8, id="slowly"),
        pytest.param(3, 60.0, 1, id="after the server has been away"),
    ],
)
def test_a_message_holds_what_is_answered_in_good_time(items, seconds, following):
    """The next message's size follows from the last answer's."""
    pace = Pace()
    pace.answered(items, seconds)

    assert pace.items == following


def test_what_was_too_much_is_not_tried_again():
    """After a refusal messages have half as many at most, however quick the answers."""
    pace = Pace()
    pace.answered(300, 0.001)
    pace.refused(100)
    assert pace.items == 50

    pace.answered(50, 0.001)
    assert pace.items == 50


def _futures(done: int, waiting: int) -> list[Future[None] | None]:
    futures: list[Future[None] | None] = [Future() for _ in range(waiting)]
    return [*futures, *[None] * done]


@pytest.mark.parametrize(
    ("done", "waiting", "free"),
    [(0, 0, True), (0, 3, True), (0, 4, False), (4, 3, True), (5, 3, False), (8, 0, False)],
)
def test_how_many_messages_are_under_way(done, waiting, free):
    """Four at the server; with those whose outcomes have not been fetched, eight."""
    assert room(_futures(done, waiting)) is free
