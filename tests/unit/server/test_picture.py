"""Which pictures are too much for the event loop."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from digits_server.picture import LIGHT_BYTES, Encoded, Missing, Picture, Pixels, Raw


def png(height: int, width: int) -> bytes:
    """A blank one."""
    return cv2.imencode(".png", np.full((height, width), 255, np.uint8))[1].tobytes()


def with_chunk(kind: bytes, content: bytes = b"text") -> bytes:
    """A small file with one chunk more after its header, of 25 bytes."""
    file, body = png(9, 9), kind + content
    chunk = struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
    return file[:33] + chunk + file[33:]


def two_headers() -> bytes:
    """A small file that then says that it is large."""
    return with_chunk(b"IHDR", struct.pack(">IIBBBBB", 7000, 7000, 1, 0, 0, 0, 0))


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
        pytest.param(Encoded("f", two_headers()), True, id="second-header"),
        pytest.param(Encoded("f", with_chunk(b"zTXt")), True, id="packed-text"),
        pytest.param(Encoded("f", with_chunk(b"iTXt")), True, id="international-text"),
        pytest.param(Encoded("f", with_chunk(b"iCCP")), True, id="profile"),
        pytest.param(Encoded("f", with_chunk(b"tEXt")), False, id="plain-text"),
        pytest.param(Encoded("f", png(8, 8) + bytes(2000)), True, id="more-than-its-pixels"),
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
