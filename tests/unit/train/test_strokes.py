"""The published trajectories become lists of strokes."""

from pathlib import Path

import numpy as np
import pytest
from digits_train.errors import DataMissing
from digits_train.strokes import omniglot, pendigits

POINTS = np.array([[0, 0], [10, 40], [20, 0], [30, 30], [5, 5]], np.int16)


def test_pendigits(tmp_path: Path) -> None:
    """Strokes are cut where the offsets say, and y turns to grow downward."""
    np.savez(
        tmp_path / "pendigits_strokes.npz",
        points=POINTS,
        stroke_start=np.array([0, 2, 4, 5], np.int32),
        digit_start=np.array([0, 2, 3], np.int32),
        y=np.array([4, 1], np.uint8),
        writer=np.array([12, 26], np.int32),
    )

    drawn = pendigits(tmp_path)

    assert [[len(stroke) for stroke in digit] for digit in drawn.strokes] == [[2, 2], [1]]
    assert drawn.strokes[0][0].tolist() == [[0, 0], [10, -40]]
    assert (drawn.label.tolist(), drawn.person.tolist()) == ([4, 1], [12, 26])


def test_omniglot(tmp_path: Path) -> None:
    """A class is an alphabet and a character in it; y stays as it is."""
    np.savez(
        tmp_path / "omniglot_strokes.npz",
        points=POINTS,
        stroke_start=np.array([0, 3, 5], np.int32),
        character_start=np.array([0, 1, 2], np.int32),
        alphabet=np.array([4, 0], np.uint8),
        alphabet_names=np.array(["Balinese"]),
        character=np.array([15, 2], np.uint8),
        drawer=np.array([1, 20], np.uint8),
    )

    drawn = omniglot(tmp_path)

    assert drawn.label.tolist() == [415, 2]
    assert drawn.strokes[0][0].tolist() == [[0, 0], [10, 40], [20, 0]]


@pytest.mark.parametrize("read", [pendigits, omniglot])
def test_missing_set(read: object, tmp_path: Path) -> None:
    """The error names the file, where it comes from and how to go on without."""
    assert callable(read)
    with pytest.raises(DataMissing, match=r"_strokes\.npz is missing \(.*--without-pens"):
        read(tmp_path)
