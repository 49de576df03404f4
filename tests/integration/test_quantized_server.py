"""The server serves a model in integers like any other."""

from pathlib import Path

import numpy as np
import pytest
from digits_client import Client
from digits_core import bundle as bundles
from digits_train.candidate import QUANTIZED, RAW, bundle
from digits_train.quantize import quantized
from numpy.typing import NDArray

from tests.conftest import Launch
from tests.networks import convolutional


def blots(count: int, seed: int) -> NDArray[np.uint8]:
    """Pictures of 49 grey squares."""
    small = np.random.default_rng(seed).integers(0, 256, (count, 7, 7), np.uint8)
    return small.repeat(4, axis=1).repeat(4, axis=2)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small network as `cnn`, the default, and the same in integers."""
    folder = tmp_path_factory.mktemp("models")
    model = convolutional(seed=0)
    for name, file in (("cnn", model), (QUANTIZED, quantized(model, blots(100, seed=1)))):
        made = bundle(
            name,
            file,
            version=1,
            calibration=RAW,
            metrics={},
            training={},
            commit="0" * 40,
        )
        bundles.write(made.manifest, file, folder)
    (folder / "default").write_text("cnn\n")
    return folder


def test_it_is_served_beside_its_source(launch_server: Launch, models: Path) -> None:
    """It passes its canaries, is listed, and answers as its source does, batched or alone."""
    server = launch_server(DIGITS_MODELS_DIR=models)
    pictures = list(blots(40, seed=2))
    with Client(server.address) as client:
        listed = {model.name: model.parameters for model in client.list_models()}
        ours = [client.predict(pixels=picture, model=QUANTIZED) for picture in pictures]
        sources = [client.predict(pixels=picture, model="cnn") for picture in pictures]

    assert listed["cnn"] == listed[QUANTIZED]
    assert {answer.model for answer in ours} == {QUANTIZED}
    assert np.mean([a.digit == b.digit for a, b in zip(ours, sources, strict=True)]) >= 0.95
    for ours_one, sources_one in zip(ours, sources, strict=True):
        assert ours_one.probabilities == pytest.approx(sources_one.probabilities, abs=0.1)
    assert server.stop() == 0
