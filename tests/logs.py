"""The log of a process of ours, while it writes."""

import json
from pathlib import Path
from typing import Any


def events(log: Path, name: str) -> list[dict[str, Any]]:
    """The events of that name so far. The last line may be half written: it comes next time."""
    whole = log.read_text().rpartition("\n")[0]
    lines = [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == name]
