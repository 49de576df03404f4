"""TensorFlow Lite in integers answers as the network that it was made from."""

import keras
import numpy as np
import pytest
from digits_train.tflite import Lite, converted
from keras import layers
from numpy.typing import NDArray

pytestmark = pytest.mark.timeout(300)


def blots(count: int, seed: int) -> NDArray[np.uint8]:
    """Pictures of 49 grey squares."""
    small = np.random.default_rng(seed).integers(0, 256, (count, 7, 7), np.uint8)
    return small.repeat(4, axis=1).repeat(4, axis=2)


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """A small untrained network with the layers of the CNN."""
    keras.utils.set_random_seed(0)
    image = keras.Input((28, 28), name="image")
    x = layers.Reshape((28, 28, 1))(image)
    x = layers.Conv2D(4, 3, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D()(x)
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    return keras.Model(image, layers.Dense(11, name="logits")(layers.Dropout(0.3)(x)))


@pytest.fixture(scope="module")
def file(network: keras.Model) -> bytes:
    """The network as a TensorFlow Lite file."""
    return converted(network, blots(100, seed=1))


def test_it_answers_as_its_source(network: keras.Model, file: bytes) -> None:
    """On pictures that it has not seen, logits are off by a hundredth of their spread at most."""
    pictures, lite = blots(50, seed=2), Lite(file)

    expected = np.asarray(network.predict(pictures.astype(np.float32) / 255, verbose=0))
    found = np.stack([lite.logits(picture) for picture in pictures])
    spread = expected.max() - expected.min()
    assert np.abs(found - expected).mean() < 0.01 * spread
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.9


def test_it_is_integers_throughout(file: bytes) -> None:
    """It takes a pixel less 128 and gives int8: a microcontroller needs no floats."""
    lite = Lite(file)
    picture = blots(1, seed=3)[0]

    given = lite.run((picture.astype(np.int16) - 128).astype(np.int8)[np.newaxis])

    scale, zero = lite._output["quantization"]
    assert given.dtype == np.int8
    assert lite._input["dtype"] == np.int8
    np.testing.assert_allclose((given[0] - np.float32(zero)) * scale, lite.logits(picture))


def test_it_is_small(network: keras.Model, file: bytes) -> None:
    """A weight takes a byte: the file is less than half of the weights in floats."""
    assert len(file) < 2 * network.count_params()
