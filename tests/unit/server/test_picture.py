"""Which pictures are too much for the event loop."""

import cv2
import numpy as np
import pytest
from digits_server.picture import LIGHT_BYTES, Encoded, Missing, Picture, Pixels, Raw


def png(height: int, width: int) -> bytes:
    """A blank one."""
    return cv2.imencode(".png", np.full((height, width), 255, np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    ("picture", "heavy"),
    [
        pytest.param(Encoded("f", png(280, 280)), False, id="canvas"),
        pytest.param(Encoded("f", png(4000, 4000)), True, id="large"),
        pytest.param(Encoded("f", png(10, 2**14)), True, id="long"),
        pytest.param(Encoded("f", png(280, 280) + bytes(LIGHT_BYTES)), True, id="long-tail"),
        pytest.param(
            Encoded("f", cv2.imencode(".jpg", np.zeros((9, 9), np.uint8))[1].tobytes()),
            True,
            id="jpeg",
        ),
        pytest.param(Encoded("f", b""), True, id="empty"),
        pytest.param(Encoded("f", png(9, 9)[:20]), True, id="cut-short"),
        pytest.param(Raw("f", 300, 300, 3, b""), False, id="raw"),
        pytest.param(Raw("f", 2000, 300, 3, b""), True, id="large-raw"),
        pytest.param(Pixels("f", bytes(784)), False, id="values"),
        pytest.param(Missing("f"), False, id="missing"),
    ],
)
def test_heavy(picture: Picture, heavy: bool) -> None:
    """Sides are told from the header of a PNG file alone; what is not told may be large."""
    assert picture.heavy is heavy
