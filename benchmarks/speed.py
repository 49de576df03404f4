"""What a picture costs on one core: normalising it, and each published model at batch 1.

Medians of calls that take turns, each beside the limit that it has. With the
data in DIGITS_DATA_DIR also how many of the pictures that people sent are read
in one way only, which is what the time of normalising holds for.
"""

import argparse
import os
from pathlib import Path

import cv2
import numpy as np
import pictures
from digits_core import bundle, prepare
from digits_core.image import normalize
from digits_train.drawings import drawing
from digits_train.speed import microseconds, onnx_call
from numpy.typing import NDArray
from serving import machine

NORMALIZE_US, CNN_US = 150, 100
"""Limits for a grey picture of 280 x 280 that is read in one way, and for the default model."""
LEAST_SINGLE = 0.9


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("DIGITS_DATA_DIR"))
    data: Path | None = parser.parse_args().data_dir
    cv2.setNumThreads(1)
    canvas = drawing(5)
    shaded = photo(canvas)
    models = {
        name: bundle.Bundle.read(path, bundle.Manifest)
        for name, path in bundle.recognizers().items()
    }
    default = bundle.default_model()
    calls = {
        "normalising a canvas drawing, 280 x 280": lambda: normalize(canvas),
        "normalising a photo, 280 x 280": lambda: normalize(shaded),
        **{name: onnx_call(found.model) for name, found in models.items()},
    }
    print(f"{machine()}\n\n| what | us | at most | times the limit | bytes |")
    print("| --- | --: | --: | --: | --: |")
    for name, taken in microseconds(calls).items():
        found = models.get(name)
        limit = NORMALIZE_US if found is None else CNN_US if name == default else None
        label = f"{name} {found.manifest.version} ({found.manifest.digest[:12]})" if found else name
        ratio = f"{taken / limit:.2f}" if limit else ""
        size = f"{len(found.model):,}" if found else ""
        print(f"| {label} | {taken:.0f} | {limit or ''} | {ratio} | {size} |")
    if data:
        seen = [prepare(picture) for picture in pictures.own_digits(Path(data)).pictures]
        single = np.mean([not each.alternatives for each in seen])
        print(
            f"\nRead in one way only: {100 * single:.1f} % of {len(seen)} pictures that people "
            f"sent (at least {100 * LEAST_SINGLE:.0f} %)."
        )


def photo(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture in the light from one side, with a camera's noise."""
    noise = np.random.default_rng(0).normal(0, 4, picture.shape)
    light = np.linspace(0.6, 1.0, picture.shape[1])
    return np.clip(picture * light + noise, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
