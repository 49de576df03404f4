"""Whether a peer's reply is what the same net says in this process."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from digits_core.session import open_session
from digits_train.data import CLASSES
from numpy.typing import NDArray

from benchmarks.speed.bench import Check

TOLERANCE = 1e-3
"""The largest difference of a logit: batches are summed up in another order."""


def logits(model: Path, pictures: Sequence[bytes]) -> NDArray[np.float32]:
    """float32[N, 11] of pictures of 784 bytes."""
    session = open_session(model.name, model.read_bytes(), threads=1)
    pixels = np.frombuffer(b"".join(pictures), np.uint8).reshape(-1, 28, 28)
    return session.run(None, {"image": pixels.astype(np.float32) / 255})[0]


def same_logits(expected: NDArray[np.float32]) -> Check:
    """For KServe: its only output's values are the last bytes of a reply."""

    def check(index: int, reply: bytes) -> bool:
        found = np.frombuffer(reply[-expected[index].nbytes :], "<f4")
        return found.shape == (CLASSES,) and bool(
            np.allclose(found, expected[index], rtol=0, atol=TOLERANCE)
        )

    return check


def some_logits(_index: int, reply: bytes) -> bool:
    """For what is read with another preprocessing, or an untrained net: eleven finite numbers."""
    found = np.array(json.loads(reply)["logits"])
    return found.shape == (CLASSES,) and bool(np.isfinite(found).all())
