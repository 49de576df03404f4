"""The two networks."""

import keras
import numpy as np
import pytest
from digits_train.model import NAMES, build


@pytest.mark.parametrize(
    ("name", "most"), [("mlp", 1_000_000), ("cnn", 250_000), ("cnn-teacher", 500_000)]
)
def test_size_and_shape(name: str, most: int) -> None:
    """Pictures go in, eleven logits come out, with no more parameters than promised."""
    model = build(name, seed=1)

    assert 100_000 < model.count_params() <= most
    assert model.input_shape == (None, 28, 28)
    assert model.output_shape == (None, 11)
    # Logits, not probabilities: they are of both signs and do not sum to 1.
    assert float(np.min(model(np.random.default_rng(0).random((8, 28, 28), np.float32)))) < 0


@pytest.mark.parametrize("name", NAMES)
def test_seed_decides_the_weights(name: str) -> None:
    """Equal seeds give equal weights, another seed others."""
    first, second, other = (build(name, seed).get_weights() for seed in (5, 5, 6))

    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("name", ["cnn", "cnn-teacher"])
def test_cnn_has_the_promised_stages(name: str) -> None:
    """The first two stages end in a pool; a norm and a ReLU follow each convolution."""
    kinds = [type(layer) for layer in build(name, seed=0).layers]
    layers = keras.layers

    for index, kind in enumerate(kinds):
        if kind is layers.Conv2D:
            assert kinds[index + 1 : index + 3] == [layers.BatchNormalization, layers.ReLU]
    assert kinds.count(layers.MaxPooling2D) == 2
    assert layers.Dropout in kinds
