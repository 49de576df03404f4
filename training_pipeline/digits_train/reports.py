"""What a stage found out about one ONNX file: JSON in the work folder for the stages after it."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digits_core.bundle import READER

from digits_train.errors import StageMissing

OF_THE_CNN = ("quantize", "tflite")
"""Stages that ask for no model: they know one."""


def write(work: Path, model_name: str, stage: str, digest: str, values: dict[str, Any]) -> None:
    """Write `work`/MODEL.STAGE.json. `digest` is the SHA-256 of the ONNX file it speaks of."""
    report = {"digest": digest, **values}
    _path(work, model_name, stage).write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def read(work: Path, model_name: str, stage: str, digest: str) -> dict[str, Any]:
    """Read what `write` wrote.

    Raises `StageMissing` when it is not there or speaks of another file.
    """
    path = _path(work, model_name, stage)
    again = f"run `{command(model_name, stage)}` first"
    if not path.is_file():
        raise StageMissing(f"{path} is missing: {again}")
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if report.pop("digest") != digest:
        raise StageMissing(f"{path} speaks of an earlier export of {model_name}: {again}")
    return report


def command(model_name: str, stage: str) -> str:
    """What to type for a stage to speak of a model."""
    if model_name == READER:
        return f"digits-train reader {stage}"
    return f"digits-train {stage}" + ("" if stage in OF_THE_CNN else f" --model {model_name}")


def write_runs(work: Path, model_name: str, accuracies: Sequence[float]) -> None:
    """Write `work`/MODEL.seeds.json: what the runs reach that MODEL.weights.h5 was chosen among."""
    runs = {"weights": _weights(work, model_name), "accuracies": list(accuracies)}
    _path(work, model_name, "seeds").write_text(json.dumps(runs, indent=2) + "\n", "utf-8")


def read_runs(work: Path, model_name: str) -> list[float]:
    """The accuracies that `write_runs` wrote; none when the present weights were not chosen so."""
    path = _path(work, model_name, "seeds")
    if not path.is_file():
        return []
    runs = json.loads(path.read_text("utf-8"))
    return runs["accuracies"] if runs["weights"] == _weights(work, model_name) else []


def _weights(work: Path, model_name: str) -> str:
    return hashlib.sha256((work / f"{model_name}.weights.h5").read_bytes()).hexdigest()


def _path(work: Path, model_name: str, stage: str) -> Path:
    return work / f"{model_name}.{stage}.json"
