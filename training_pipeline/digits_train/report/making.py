"""The chapters on what the models are and how they came about."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digits_core.bundle import MODEL_FILE

from digits_train import reports
from digits_train.errors import StageMissing
from digits_train.report import charts
from digits_train.report.charts import Axis, Series
from digits_train.report.page import Block, Chapter, Figure, Table
from digits_train.report.subject import Subject
from digits_train.speed import microseconds, onnx_call

CURVES = {
    "loss": ("loss of training", False),
    "validation_digits": ("right of validation's digits", True),
    "validation_photos": ("right of validation's photos", True),
    "validation_outliers": ("refused of validation's outliers", True),
}

SMALL = {
    "cnn-int8": (("quantize", "cnn-int8", "cnn"),),
    "cnn": (("tflite", "cnn.tflite", "cnn.onnx"),),
}
"""By model the stages that made integers of it, and what their reports call the two files."""


def bundles(subjects: Sequence[Subject], work: Path) -> Chapter:
    """Names, digests, sizes and speeds; of the files in integers what `work` knows of them."""
    files = {s.name: (s.folder / MODEL_FILE).read_bytes() for s in subjects}
    times = microseconds({name: onnx_call(model) for name, model in files.items()})
    rows = [
        [
            s.label,
            f"{s.recognizer.manifest.parameters:,}",
            f"{len(files[s.name]) / 1e3:,.0f} kB",
            f"{times[s.name]:.0f} us",
            s.digest,
        ]
        for s in subjects
    ]
    chapter = Chapter(
        "The models",
        [
            "Every figure below comes from these files, read by the recogniser that serves them.",
            Table(
                ["model", "parameters", "file", "a picture, one thread", "SHA-256"],
                rows,
                "The time is the median of 1,000 calls with one 28 x 28 picture, the models "
                "taking turns, on the machine "
                "that wrote this page; it depends on what else ran there.",
            ),
        ],
    )
    small = [
        [
            file,
            f"{found['bytes'][file] / 1e3:,.0f} kB",
            f"{found['microseconds'][file]:.0f} us",
            f"{found['microseconds'][source]:.0f} us",
            f"{found['differing']} of {found['images']:,}",
        ]
        for s in subjects
        for stage, file, source in SMALL.get(s.name, ())
        for found in _known(work, s, stage)
    ]
    if small:
        chapter.blocks.extend(
            [
                "In integers of eight bits, each beside the model of floats that it was made from:",
                Table(
                    ["file", "size", "a picture", "in floats", "other answers on the test images"],
                    small,
                    "Measured when the file was made.",
                ),
            ]
        )
    return chapter


def learning(names: Sequence[str], work: Path) -> Chapter:
    """Learning curves of the trainings in `work`, from their NAME.curves.json."""
    histories = {name: _epochs(work / f"{name}.curves.json") for name in names}
    blocks: list[Block] = []
    for figure, (label, share) in CURVES.items():
        series = [
            Series(name, list(range(1, len(epochs) + 1)), [epoch[figure] for epoch in epochs])
            for name, epochs in histories.items()
            if epochs and figure in epochs[0]
        ]
        if series:
            blocks.append(
                Figure(
                    f"learning-{figure.replace('_', '-')}",
                    charts.lines(series, Axis("epoch"), Axis(label, share=share)),
                    f"{label.capitalize()}, by epoch. Training's loss is of bent and smoothed "
                    "targets; validation looks at the averaged weights, before calibration."
                    if figure == "loss"
                    else f"{label.capitalize()}, by epoch.",
                )
            )
    return Chapter("Learning", blocks or ["No training lies in this work folder."])


def _known(work: Path, subject: Subject, stage: str) -> list[dict[str, Any]]:
    try:
        return [reports.read(work, subject.name, stage, subject.digest)]
    except StageMissing:
        return []


def _epochs(path: Path) -> list[dict[str, float]]:
    """The figures of each epoch; none where nothing was trained."""
    return json.loads(path.read_text("utf-8")) if path.is_file() else []
