"""Stage `model`: the MLP baseline and the CNN."""

import keras
from keras import layers

from digits_train.data import CLASSES

NAMES = ("mlp", "cnn")


def build(name: str, seed: int, norm_momentum: float = 0.99) -> keras.Model:
    """Build "mlp" or "cnn", untrained; equal seeds give equal weights.

    In: float32[N, 28, 28] in [0, 1], white on black. Out: float32[N, 11]
    logits, ten digits and "not one digit". `norm_momentum` is the part of the
    batch norms' statistics that each step of training keeps.
    """
    keras.utils.set_random_seed(seed)
    return _mlp(norm_momentum) if name == "mlp" else _cnn(norm_momentum, seed)


def _mlp(norm_momentum: float) -> keras.Model:
    image = keras.Input((28, 28), name="image")
    x = layers.Flatten()(image)
    for units in (640, 448, 256):
        x = _activated(layers.Dense(units, use_bias=False)(x), norm_momentum)
    return keras.Model(image, layers.Dense(CLASSES, name="logits")(x), name="mlp")


def _cnn(norm_momentum: float, seed: int) -> keras.Model:
    def convolved(x: keras.KerasTensor, filters: int, padding: str) -> keras.KerasTensor:
        x = layers.Conv2D(filters, 3, padding=padding, use_bias=False)(x)
        return _activated(x, norm_momentum)

    image = keras.Input((28, 28), name="image")
    x = layers.Reshape((28, 28, 1))(image)
    # Channels in multiples of 16 fill the vector registers of today's processors.
    x = convolved(x, 16, "valid")
    x = convolved(x, 16, "valid")
    x = layers.MaxPooling2D()(x)
    x = convolved(x, 64, "valid")
    x = convolved(x, 64, "valid")
    x = layers.MaxPooling2D()(x)
    x = convolved(x, 96, "same")
    x = convolved(x, 128, "valid")
    x = layers.Flatten()(x)
    x = _activated(layers.Dense(128, use_bias=False)(x), norm_momentum)
    x = layers.Dropout(0.3, seed=seed)(x)
    return keras.Model(image, layers.Dense(CLASSES, name="logits")(x), name="cnn")


def _activated(x: keras.KerasTensor, norm_momentum: float) -> keras.KerasTensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=norm_momentum)(x))
