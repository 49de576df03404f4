"""What is read from /proc, without a /proc."""

from benchmarks.speed.proc import Ticks, descendants


def test_stolen_time() -> None:
    """The eighth number is what neighbours took; a guest's time is in the others already."""
    before = Ticks.of("cpu  100 0 50 800 10 0 5 35 7 0\ncpu0 1 2 3\n")
    after = Ticks.of("cpu  150 0 70 900 10 0 5 65 9 0\ncpu0 1 2 3\n")

    assert (before.total, before.stolen) == (1000, 35)
    assert after.stolen_since(before) == 30 / 200


def test_no_time_at_all() -> None:
    """Between two looks at the same tick nothing is stolen."""
    now = Ticks(1000, 35)

    assert now.stolen_since(now) == 0


def test_descendants() -> None:
    """Children and theirs, not the siblings."""
    parents = {1: 0, 10: 1, 11: 10, 12: 10, 13: 12, 20: 1}

    assert descendants(10, parents) == {10, 11, 12, 13}
