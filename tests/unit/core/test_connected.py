"""Pieces of ink are told apart alike, whatever their labels are counted in."""

import cv2
import numpy as np
import pytest
from digits_core.image.connected import connected


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        pytest.param((40, 50), np.uint16, id="small"),
        pytest.param((511, 511), np.uint32, id="as-many-as-fill-two-bytes"),
    ],
)
def test_labels(shape: tuple[int, int], kind: type) -> None:
    """Labels and boxes are OpenCV's own, and every piece of the most there can be has one."""
    mask = np.zeros(shape, np.uint8)
    mask[::2, ::2] = 255
    labels, stats = connected(mask)
    _, wanted, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)

    assert labels.dtype.itemsize == np.dtype(kind).itemsize
    np.testing.assert_array_equal(labels, wanted)
    np.testing.assert_array_equal(stats, boxes)
