"""The command line: a stage a command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from digits_train.options import Model

STAGES = [
    "data",
    "pool",
    "augment",
    "model",
    "train",
    "export",
    "parity",
    "quantize",
    "tflite",
    "calibrate",
    "evaluate",
]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the installed command without the caller's data."""
    command = Path(sys.executable).with_name("digits-train")
    clean = {name: value for name, value in os.environ.items() if name != "DIGITS_DATA_DIR"}
    return subprocess.run(
        [str(command), *arguments], capture_output=True, text=True, env=clean, timeout=100
    )


def test_help_names_every_stage() -> None:
    """All stages are there, and `all`."""
    shown = run("--help").stdout

    assert all(f" {stage} " in shown for stage in [*STAGES, "publish", "why", "report", "all"])


@pytest.mark.parametrize(
    "stage",
    [
        "pool",
        "augment",
        "parity",
        "quantize",
        "tflite",
        "calibrate",
        "evaluate",
        "publish",
        "why",
        "report",
    ],
)
def test_a_stage_before_its_time(stage: str, tmp_path: Path) -> None:
    """It ends with status 1 and one line that names the stage to run first."""
    done = run(stage, "--work", str(tmp_path))

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("STAGE_MISSING: ")
    assert "first" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_data(tmp_path: Path) -> None:
    """A folder without the sets ends with status 1, the file's name and the cure."""
    done = run("data", "--data-dir", str(tmp_path), "--work", str(tmp_path / "work"))

    assert done.returncode == 1
    assert "DATA_MISSING: " in done.stderr
    assert "pendigits_strokes.npz is missing" in done.stderr


def test_unknown_option() -> None:
    """A wrong option is a matter of usage: status 2."""
    assert run("train", "--epochs", "3").returncode == 2


@pytest.mark.parametrize(
    ("chosen", "names", "trained"),
    [
        pytest.param(Model.CNN, ["cnn"], ["cnn"], id="one"),
        pytest.param(Model.BOTH, ["mlp", "cnn"], ["mlp", "cnn"], id="both"),
        pytest.param(Model.CNN_INT8, ["cnn-int8"], ["cnn"], id="integers are trained as floats"),
        pytest.param(Model.ALL, ["mlp", "cnn", "cnn-int8"], ["mlp", "cnn"], id="all"),
    ],
)
def test_models(chosen: Model, names: list[str], trained: list[str]) -> None:
    """A choice stands for the models to measure, and for those to train for them."""
    assert (chosen.names, chosen.trained) == (names, trained)
