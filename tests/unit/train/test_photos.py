"""Validation's photographs are shared out between calibration and evaluation."""

from pathlib import Path

import cv2
import numpy as np
from digits_core import Normalized, prepare
from digits_train import photos
from digits_train.drawings import drawing

LABELS = [3, 10, 7, 1]


def test_halves(tmp_path: Path) -> None:
    """Each picture is in one half, prepared as the server does; not a digit is no label."""
    pictures = [drawing(digit) for digit in (3, 8, 7, 1)]
    files = [cv2.imencode(".png", picture)[1].ravel() for picture in pictures]
    np.savez(
        tmp_path / "photos.npz",
        content=np.concatenate(files),
        start=np.cumsum([0, *map(len, files)]),
        labels=np.array(LABELS, np.uint8),
        source=np.zeros(4, np.uint8),
    )
    fitted, measured = photos.to_fit(tmp_path), photos.to_measure(tmp_path)
    in_order = pictures[::2] + pictures[1::2]

    assert fitted.labels == [3, 7]
    assert measured.labels == [None, 1]
    for item, picture in zip([*fitted.seen, *measured.seen], in_order, strict=True):
        assert isinstance(item, Normalized)
        assert np.array_equal(item.pixels, prepare(picture).pixels)
