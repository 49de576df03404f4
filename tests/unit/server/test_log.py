"""Lines of the log."""

import json
import os
from collections.abc import Iterator

import pytest
import structlog
from digits_server import log


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    """The log of worker 3, and afterwards nobody's."""
    log.configure(worker=3)
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("name", ["ä", os.fsdecode(b"DIGITS_\xff")], ids=["utf-8", "no-utf-8"])
def test_a_line_an_event(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """One object of JSON, with the worker, whatever bytes a name is made of."""
    structlog.get_logger("test").info("unknown_setting", name=name, path=os)
    [line] = capsys.readouterr().err.splitlines()
    event = json.loads(line)

    assert (event["event"], event["name"], event["worker"]) == ("unknown_setting", name, 3)
