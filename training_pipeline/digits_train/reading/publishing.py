"""Stage `reader publish`: a numbered bundle, with parity proven and from a clean tree."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from digits_core import BundleError, Reader, Recognizer
from digits_core.bundle import Bundle, ReadCanary, ReaderManifest, Rule, digest_of, published, write
from digits_core.image import PAGE_VERSION

from digits_train import reports
from digits_train.drawings import STYLES, drawing, png
from digits_train.errors import PublishRefused
from digits_train.publish import refuse_dirty
from digits_train.reading.course import NAME
from digits_train.reading.exporting import exported
from digits_train.reading.joining import DETECTOR, REFINER

CANARIES = ("2026", "0413\n8", "97 56")

Fitted = Mapping[str, Any]

UNFITTED: Fitted = {
    "weights": {"detector": 0.5, "refiner": 0.5, "recognizer": 0.5},
    "other_bias": 0.0,
    "there": {
        "coefficients": {"presence": 0.5, "middle": 0.5, "alone": 0.0, "score": 0.0},
        "intercept": 0.0,
    },
    "presence": 0.3,
    "right": {
        "coefficients": {"presence": 0.5, "middle": 0.5, "alone": 0.0, "score": 0.5},
        "intercept": 0.0,
    },
    "accept": 0.5,
    "together": 1.0,
}
"""What a manifest says before anything was fitted."""


def bundle(
    model: bytes,
    *,
    version: int = 0,
    fitted: Fitted = UNFITTED,
    metrics: Mapping[str, float] | None = None,
    training: Mapping[str, Any] | None = None,
    commit: str = "",
) -> Bundle[ReaderManifest]:
    """Put together a bundle of the ONNX file `model` and what was `fitted` to it."""
    graph = onnx.load_model_from_string(model).graph
    manifest = ReaderManifest(
        name=NAME,
        version=version,
        files=digest_of(model),
        input=DETECTOR.input,
        output=DETECTOR.output,
        refiner_input=REFINER.input,
        refiner_output=REFINER.output,
        parameters=sum(int(np.prod(t.dims)) for t in graph.initializer if len(t.dims)),
        normalizer_version=PAGE_VERSION,
        metrics=metrics or {},
        training=training or {},
        commit=commit,
        canaries=tuple(
            ReadCanary(base64.b64encode(picture(text)).decode(), text) for text in CANARIES
        ),
        **{**fitted, **{rule: Rule(**fitted[rule]) for rule in ("there", "right")}},
    )
    return Bundle(manifest, model)


def publish(work: Path, models_dir: Path) -> Path:
    """Write the reader's next version into `models_dir` and return its folder.

    Raises `PublishRefused` when the tree is dirty, when parity is not proven or
    when it reads its canaries otherwise than they were written, `StageMissing`
    when a stage has not run since the last export.
    """
    model = exported(work)
    (digest,) = digest_of(model).values()
    if not reports.read(work, NAME, "parity", digest)["passed"]:
        raise PublishRefused(f"{NAME} failed the parity check: export it again")
    refuse_dirty(models_dir)
    origin = reports.read(work, NAME, "export", digest)
    fit = reports.read(work, NAME, "fit", digest)
    newest = published(models_dir).get(NAME)
    made = bundle(
        model,
        version=int(newest.name) + 1 if newest else 1,
        fitted=fit["fitted"],
        metrics=fit["metrics"],
        training={
            name: [net["config"] | {"commit": net["commit"]} for net in nets]
            for name, nets in origin.items()
        },
        commit=origin["refiner"][-1]["commit"],
    )
    try:
        Reader(made, Recognizer.load(models_dir=models_dir))
    except BundleError as error:
        raise PublishRefused(str(error)) from error
    return write(made.manifest, model, models_dir)


def picture(text: str) -> bytes:
    """A canary: our own digits in rows on light paper, as a PNG file."""
    side, step, gap = 90, 64, 70
    rows = text.split("\n")
    wide = max(len(row) for row in rows)
    sheet = np.full((side * len(rows) + 30, step * wide + gap + 60), 235, np.uint8)
    for down, row in enumerate(rows):
        x = 15
        for place, character in enumerate(row):
            if character == " ":
                x += gap
                continue
            digit = drawing(
                int(character), place % STYLES, side=side, pen=6, ink=40, paper=235, fill=0.7
            )
            spot = sheet[15 + side * down : 15 + side * (down + 1), x : x + side]
            np.minimum(spot, digit, out=spot)
            x += step
    return png(sheet)
