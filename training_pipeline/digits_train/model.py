"""Stage `model`: the MLP baseline and the CNN."""

import keras
from keras import layers

from digits_train.data import CLASSES

NAMES = ("mlp", "cnn")


def build(name: str, seed: int) -> keras.Model:
    """Build "mlp" or "cnn", untrained; equal seeds give equal weights.

    In: float32[N, 28, 28] in [0, 1], white on black. Out: float32[N, 11]
    logits, ten digits and "not one digit".
    """
    keras.utils.set_random_seed(seed)
    return _mlp() if name == "mlp" else _cnn(seed)


def _mlp() -> keras.Model:
    image = keras.Input((28, 28), name="image")
    x = layers.Flatten()(image)
    for units in (640, 448, 256):
        x = layers.Dense(units, use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
    return keras.Model(image, layers.Dense(CLASSES, name="logits")(x), name="mlp")


def _cnn(seed: int) -> keras.Model:
    image = keras.Input((28, 28), name="image")
    x = layers.Reshape((28, 28, 1))(image)
    # Channels in multiples of 16 fill the vector registers of today's processors.
    x = _convolved(_convolved(x, 16), 16)
    x = layers.MaxPooling2D()(x)
    x = _convolved(_convolved(x, 64), 64)
    x = layers.MaxPooling2D()(x)
    x = _convolved(_convolved(x, 96, padding="same"), 128)
    x = layers.Flatten()(x)
    x = layers.Dense(128, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.Dropout(0.3, seed=seed)(x)
    return keras.Model(image, layers.Dense(CLASSES, name="logits")(x), name="cnn")


def _convolved(x: keras.KerasTensor, filters: int, padding: str = "valid") -> keras.KerasTensor:
    x = layers.Conv2D(filters, 3, padding=padding, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))
