"""The reader's second net: what a close-up shows."""

import keras
from digits_core.reading.close_ups import NOTHING, SIDE
from keras import layers

ANSWERS = NOTHING + 1


def build(seed: int, norm_momentum: float = 0.99) -> keras.Model:
    """Build the net, untrained; equal seeds give equal weights.

    In: float32[N, 32, 32] in [0, 1], white on black. Out: float32[N, 12] logits: ten
    digits, no digit, and nothing with its middle here.
    """
    keras.utils.set_random_seed(seed)
    image = keras.Input((SIDE, SIDE), name="close_ups")
    x = layers.Reshape((SIDE, SIDE, 1))(image)
    x = _convolved(x, 16, 5, norm_momentum)
    x = layers.MaxPooling2D()(x)
    x = _convolved(x, 32, 3, norm_momentum)
    x = _convolved(x, 64, 3, norm_momentum)
    x = layers.MaxPooling2D()(x)
    x = _convolved(x, 128, 3, norm_momentum)
    x = layers.Flatten()(x)
    x = layers.Dense(96, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=norm_momentum)(x))
    x = layers.Dropout(0.2, seed=seed)(x)
    return keras.Model(image, layers.Dense(ANSWERS, name="answers")(x), name="refiner")


def _convolved(
    x: keras.KerasTensor, filters: int, kernel: int, norm_momentum: float
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=norm_momentum)(x))
