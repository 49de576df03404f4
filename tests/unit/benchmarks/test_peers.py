"""Other people's servers beside ours: what counts as a right reply."""

import json
import struct

import numpy as np
import pytest

from benchmarks.peers.contestants import PEERS, Peer
from benchmarks.peers.replies import same_logits, some_logits

EXPECTED = np.linspace(-2, 2, 22, dtype=np.float32).reshape(2, 11)


@pytest.mark.parametrize(
    ("index", "reply", "right"),
    [
        pytest.param(1, b"head" + EXPECTED[1].tobytes(), True, id="behind the names"),
        pytest.param(1, (EXPECTED[1] + 5e-4).tobytes(), True, id="summed in another order"),
        pytest.param(1, EXPECTED[0].tobytes(), False, id="another picture's"),
        pytest.param(0, (EXPECTED[0] + 5e-3).tobytes(), False, id="another net's"),
        pytest.param(0, struct.pack("<3f", 1, 2, 3), False, id="too few"),
    ],
)
def test_the_same_logits(index: int, reply: bytes, right: bool) -> None:
    """A reply counts when it ends in what the net says of that picture."""
    assert same_logits(EXPECTED)(index, reply) is right


@pytest.mark.parametrize(
    ("logits", "right"),
    [
        pytest.param([0.5] * 11, True, id="eleven"),
        pytest.param([0.5] * 10, False, id="ten"),
        pytest.param([float("nan")] * 11, False, id="not a number"),
    ],
)
def test_some_logits(logits: list[float], right: bool) -> None:
    """Where nothing more can be known, eleven finite numbers do."""
    assert some_logits(0, json.dumps({"digit": 1, "logits": logits}).encode()) is right


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_versions(peer: Peer) -> None:
    """The table says of each package which one was measured."""
    versions = peer.environment.versions(peer.packages).split(", ")

    assert [version.split()[0] for version in versions] == list(peer.packages)
