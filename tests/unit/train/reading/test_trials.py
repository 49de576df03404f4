"""How a text agrees with what stands there, and that trials are the same every time."""

import pytest
from digits_train.reading.trials import Score, distance, score


@pytest.mark.parametrize(
    ("read", "wanted", "expected"),
    [
        pytest.param("12 34", "1234", Score(True, 1, 1, 0, 4), id="spaces do not count"),
        pytest.param("12\n34", "12\n34", Score(True, 2, 2, 0, 4), id="rows"),
        pytest.param("34", "12\n34", Score(False, 1, 2, 2, 4), id="a row is missing"),
        pytest.param("12\n9\n34", "12\n34", Score(False, 2, 2, 1, 4), id="a row too many"),
        pytest.param("1234", "12\n34", Score(False, 0, 2, 0, 4), id="rows run together"),
        pytest.param("", "7", Score(False, 0, 1, 1, 1), id="nothing"),
        pytest.param("17", "71", Score(False, 0, 1, 2, 2), id="swapped"),
    ],
)
def test_score(read: str, wanted: str, expected: Score) -> None:
    """Rows are matched in order, characters by the fewest edits."""
    assert score(read, wanted) == expected


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("", "123", 3), ("123", "", 3), ("123", "13", 1), ("5124", "5214", 2)],
)
def test_distance(one: str, other: str, edits: int) -> None:
    """Put in, take out, change: each costs one, whichever text comes first."""
    assert distance(one, other) == distance(other, one) == edits
