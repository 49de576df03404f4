"""Stage `model`: the MLP baseline, the CNN and the slower CNN that teaches."""

from typing import Literal, NamedTuple

import keras
from keras import layers

from digits_train.data import CLASSES

NAMES = ("mlp", "cnn", "cnn-teacher")


class Convolution(NamedTuple):
    """A convolution with its norm and ReLU."""

    filters: int
    kernel: int
    padding: Literal["valid", "same"] = "valid"


# Channels in multiples of 16 fill the vector registers of today's processors. Of some 500 CNNs
# measured in onnxruntime at batch 1, the best of half the teacher's time were trained for a
# moment: one 5 x 5 convolution before the first pool leaves more for the wide layers behind it
# than two 3 x 3, whose maps are large, and one wide last convolution did better than two narrow.
STAGES = {
    "cnn": (
        (Convolution(16, 5),),
        (Convolution(32, 3), Convolution(64, 3)),
        (Convolution(160, 3),),
    ),
    "cnn-teacher": (
        (Convolution(16, 3), Convolution(16, 3)),
        (Convolution(64, 3), Convolution(64, 3)),
        (Convolution(96, 3, "same"), Convolution(128, 3)),
    ),
}


def build(name: str, seed: int, norm_momentum: float = 0.99) -> keras.Model:
    """Build one of `NAMES`, untrained; equal seeds give equal weights.

    In: float32[N, 28, 28] in [0, 1], white on black. Out: float32[N, 11]
    logits, ten digits and "not one digit". `norm_momentum` is the part of the
    batch norms' statistics that each step of training keeps.
    """
    keras.utils.set_random_seed(seed)
    return _mlp(norm_momentum) if name == "mlp" else _cnn(name, norm_momentum, seed)


def _mlp(norm_momentum: float) -> keras.Model:
    image = keras.Input((28, 28), name="image")
    x = layers.Flatten()(image)
    for units in (640, 448, 256):
        x = _activated(layers.Dense(units, use_bias=False)(x), norm_momentum)
    return keras.Model(image, layers.Dense(CLASSES, name="logits")(x), name="mlp")


def _cnn(name: str, norm_momentum: float, seed: int) -> keras.Model:
    *pooled, last = STAGES[name]
    image = keras.Input((28, 28), name="image")
    x = layers.Reshape((28, 28, 1))(image)
    for stage in pooled:
        x = layers.MaxPooling2D()(_convolved(x, stage, norm_momentum))
    x = _convolved(x, last, norm_momentum)
    x = layers.Flatten()(x)
    x = _activated(layers.Dense(128, use_bias=False)(x), norm_momentum)
    x = layers.Dropout(0.3, seed=seed)(x)
    return keras.Model(image, layers.Dense(CLASSES, name="logits")(x), name=name)


def _convolved(
    x: keras.KerasTensor, stage: tuple[Convolution, ...], norm_momentum: float
) -> keras.KerasTensor:
    for filters, kernel, padding in stage:
        x = layers.Conv2D(filters, kernel, padding=padding, use_bias=False)(x)
        x = _activated(x, norm_momentum)
    return x


def _activated(x: keras.KerasTensor, norm_momentum: float) -> keras.KerasTensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=norm_momentum)(x))
