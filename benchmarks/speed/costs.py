"""What a picture costs on one core: normalising it, and each published model at batch 1.

Medians of calls that take turns. With the data also how many of the pictures
that people sent are read in one way only, which is what the time of normalising
holds for.
"""

from pathlib import Path
from typing import cast

import cv2
import numpy as np
from digits_core import bundle, prepare
from digits_core.image import normalize
from digits_train.drawings import drawing
from digits_train.speed import microseconds, onnx_call
from numpy.typing import NDArray

from benchmarks import pictures
from benchmarks.rows import Row
from benchmarks.speed.report import Section

CANVAS, PHOTO = "normalising a canvas drawing, 280x280", "normalising a photo, 280x280"
NORMALIZE_US, CNN_US = 150, 100
"""Limits for a grey picture that is read in one way, and for the default model."""
LEAST_SINGLE = 0.9


def report(data: Path | None) -> Section:
    """Measure in this process."""
    cv2.setNumThreads(1)
    canvas = drawing(5)
    shaded = _photo(canvas)
    models = {
        name: bundle.Bundle.read(path, bundle.Manifest)
        for name, path in bundle.recognizers().items()
    }
    calls = {
        CANVAS: lambda: normalize(canvas),
        PHOTO: lambda: normalize(shaded),
        **{name: onnx_call(found.model) for name, found in models.items()},
    }
    taken = microseconds(calls)
    limits = {CANVAS: NORMALIZE_US, PHOTO: NORMALIZE_US, bundle.default_model(): CNN_US}
    rows = [
        Row(_label(name, models), 1, taken[name], limit, most=True, unit="us", decimals=0)
        for name, limit in limits.items()
    ]
    if data:
        seen = [prepare(cast("Path", path)) for path in pictures.own_digits(data).pictures]
        single = float(np.mean([not each.alternatives for each in seen]))
        what = "pictures that people sent: read in one way"
        rows.append(Row(what, len(seen), single, LEAST_SINGLE))
    lines = [
        (
            _label(name, models),
            f"{us:.0f}",
            f"{len(models[name].model):,}" if name in models else "",
        )
        for name, us in taken.items()
    ]
    return Section("One picture, one core", rows, ("what", "us", "bytes"), lines)


def _label(name: str, models: dict[str, bundle.Bundle[bundle.Manifest]]) -> str:
    if name not in models:
        return name
    manifest = models[name].manifest
    return f"{name} {manifest.version} ({manifest.digest[:12]})"


def _photo(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture in the light from one side, with a camera's noise."""
    noise = np.random.default_rng(0).normal(0, 4, picture.shape)
    light = np.linspace(0.6, 1.0, picture.shape[1])
    return np.clip(picture * light + noise, 0, 255).astype(np.uint8)
