"""What the server's log says of its calls and its workers."""

from pathlib import Path

from benchmarks.serving import Log
from benchmarks.speed.bench import split


def _call(**fields: object) -> dict[str, object]:
    return {"event": "call", "code": "OK", **fields}


def test_calls_by_worker() -> None:
    """Good calls alone count, each for the worker that answered it."""
    events = [
        {"event": "serving", "worker": 1},
        _call(worker=0),
        _call(worker=1),
        _call(worker=1),
        _call(worker=1, code="INVALID_ARGUMENT"),
    ]

    assert split(events) == {"0": 1, "1": 2}


def test_one_worker_has_no_name() -> None:
    """It needs none to be counted."""
    assert split([_call(), _call()]) == {"": 2}


def test_a_log_is_read_on(tmp_path: Path) -> None:
    """Each line once and when it is whole, whatever stands between the lines of JSON."""
    path = tmp_path / "log"
    log = Log(path)
    path.write_text('{"event":"listening"}\nSome warning\n{"event": "cal')

    first = log.new()
    with path.open("a") as file:
        file.write('l"}\n')

    assert first == [{"event": "listening"}]
    assert log.new() == [{"event": "call"}]
    assert log.new() == []
