"""What stages leave for each other as JSON."""

from pathlib import Path

import pytest
from digits_train import reports
from digits_train.errors import StageMissing


def test_of_another_export(tmp_path: Path) -> None:
    """A report speaks of one ONNX file, and of no later one."""
    reports.write(tmp_path, "cnn", "parity", "abc", {"flips": 0})

    assert reports.read(tmp_path, "cnn", "parity", "abc") == {"flips": 0}
    with pytest.raises(StageMissing, match="earlier export of cnn"):
        reports.read(tmp_path, "cnn", "parity", "def")


def test_runs_are_those_of_the_present_weights(tmp_path: Path) -> None:
    """Accuracies of several runs count as long as the model is the one chosen among them."""
    weights = tmp_path / "cnn.weights.h5"
    weights.write_bytes(b"chosen")
    before = reports.read_runs(tmp_path, "cnn")
    reports.write_runs(tmp_path, "cnn", [0.997, 0.998])
    chosen = reports.read_runs(tmp_path, "cnn")
    weights.write_bytes(b"trained anew")

    assert (before, chosen) == ([], [0.997, 0.998])
    assert reports.read_runs(tmp_path, "cnn") == []
