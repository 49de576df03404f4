"""A real, small bundle: a linear model whose answer anyone can work out."""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from digits_core.bundle import Acceptance, Bundle, Canary, Manifest, digest_of, write
from digits_core.image import NORMALIZER_VERSION
from digits_core.recognizer import prepare

from tests.unit.core.linear import linear_model, seven_png


@pytest.fixture
def manifest() -> Manifest:
    """The manifest of `linear_model`, its canary answered by hand."""
    pixels = prepare(seven_png()).pixels / 255
    logits = np.array([0.02 * pixels[:, 2 * k : 2 * k + 5].sum() for k in range(11)]) / 0.5
    odds = np.exp(logits)
    canary = Canary(
        image=base64.b64encode(seven_png()).decode(),
        digit=int(odds[:10].argmax()),
        probabilities=tuple((odds[:10] / odds[:10].sum()).tolist()),
        digit_score=float(1 - odds[10] / odds.sum()),
    )
    return Manifest(
        name="linear",
        version=1,
        files=digest_of(linear_model()),
        input="image",
        output="logits",
        parameters=784 * 11,
        normalizer_version=NORMALIZER_VERSION,
        temperature=0.5,
        other_bias=0.0,
        acceptance=Acceptance(
            min_contrast=20.0, coefficients={"margin": 1.0}, intercept=0.0, threshold=0.5
        ),
        metrics={"mnist_test_accuracy": 0.1},
        training={"seed": 1},
        commit="0" * 40,
        canaries=(canary,),
    )


@pytest.fixture
def models_dir(tmp_path: Path, manifest: Manifest) -> Path:
    """A models' folder with versions 2 and 10 of `linear`, which is the default."""
    for version in (2, 10):
        write(replace(manifest, version=version), linear_model(), tmp_path)
    (tmp_path / "default").write_text("linear\n")
    return tmp_path


@pytest.fixture
def bundle_of(manifest: Manifest) -> Callable[..., Bundle[Manifest]]:
    """Makes a bundle of a model's bytes, with changes to the manifest."""

    def make(model: bytes, **changes: object) -> Bundle[Manifest]:
        return Bundle(replace(manifest, files=digest_of(model), **changes), model)

    return make
