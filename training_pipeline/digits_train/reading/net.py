"""The reader's net: fully convolutional, a cell for every 4 x 4 pixels of a page.

A detector of centres (Zhou, Wang and Kraehenbuehl 2019, "Objects as Points"): a
cell says whether the middle of a character lies in it, which character it is,
and how large its box.
"""

import keras
import numpy as np
from digits_core.image.page import HEIGHT, STRIDE
from digits_core.reading.detector import CHANNELS, CLASSES
from keras import layers, ops
from numpy.typing import NDArray

TARGETS = CHANNELS + 1
"""A cell's targets: presence, the classes, the box, and how much the last two count."""

# How far presence spreads round a middle, as a share of the character's size, and at least, in
# cells: thin characters side by side must stay apart.
_SPREAD, _NARROWEST = 0.16, 0.45
# Cells with at least this presence learn class and box as well.
_NEAR = 0.4
_BOX_WEIGHT = 0.5
# At first nothing is there: the start of all presence, as a logit.
_RARE = -4.0


def build(seed: int, norm_momentum: float = 0.99) -> keras.Model:
    """Build the net, untrained; equal seeds give equal weights.

    In: float32[N, H, W] in [0, 1], white on black, sides multiples of 4. Out:
    float32[N, H/4, W/4, 16], what `digits_core.reading.detector.characters` reads.
    """
    keras.utils.set_random_seed(seed)
    page = keras.Input((None, None), name="page")
    x = ops.expand_dims(page, -1)
    x = _convolved(x, 16, 5, norm_momentum, stride=2)
    x = _convolved(x, 32, 3, norm_momentum)
    x = _convolved(x, 64, 3, norm_momentum, stride=2)
    for dilation in (1, 2, 1):
        x = x + _convolved(x, 64, 3, norm_momentum, dilation=dilation)
    x = _convolved(x, 64, 3, norm_momentum)
    bias = np.zeros(CHANNELS, np.float32)
    bias[0] = _RARE
    start = keras.initializers.Constant(bias)
    cells = layers.Conv2D(CHANNELS, 1, bias_initializer=start, name="cells")(x)
    return keras.Model(page, cells, name="reader")


def _convolved(
    x: keras.KerasTensor,
    filters: int,
    kernel: int,
    norm_momentum: float,
    *,
    stride: int = 1,
    dilation: int = 1,
) -> keras.KerasTensor:
    x = layers.Conv2D(
        filters, kernel, strides=stride, dilation_rate=dilation, padding="same", use_bias=False
    )(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=norm_momentum)(x))


def loss(targets: keras.KerasTensor, cells: keras.KerasTensor) -> keras.KerasTensor:
    """Penalty-reduced focal loss of presence (Law and Deng 2018) plus class and box, a character.

    `targets` float32[N, h, w, 17] as `targets_of` makes them.
    """
    presence, near = targets[..., 0], targets[..., -1]
    logit = cells[..., 0]
    sure, unsure = ops.log_sigmoid(logit), ops.log_sigmoid(-logit)
    there = ops.cast(presence >= 1, "float32")
    hit = there * ops.exp(2 * unsure) * sure
    missed = (1 - there) * (1 - presence) ** 4 * ops.exp(2 * sure) * unsure
    found = -ops.sum(hit + missed)
    wanted = targets[..., 1 : 1 + CLASSES]
    read = -ops.sum(near * ops.sum(wanted * ops.log_softmax(cells[..., 1 : 1 + CLASSES]), axis=-1))
    away = ops.sum(ops.abs(targets[..., -5:-1] - cells[..., -4:]), axis=-1)
    count = ops.maximum(ops.sum(there), 1.0)
    nearby = ops.maximum(ops.sum(near), 1.0)
    return found / count + (read + _BOX_WEIGHT * ops.sum(near * away)) / nearby


def targets_of(
    boxes: NDArray[np.float32], shape: tuple[int, int], label_smoothing: float
) -> NDArray[np.float32]:
    """What the cells of one tile should say, float32[h, w, 17].

    `boxes` float32[n, 5]: label, middle x, y, width, height in pixels of the
    tile, whose `shape` is in pixels, too.
    """
    height, width = shape[0] // STRIDE, shape[1] // STRIDE
    targets = np.zeros((height, width, TARGETS), np.float32)
    for label, x, y, wide, high in boxes.tolist():
        across, down = x / STRIDE, y / STRIDE
        column, row = min(int(across), width - 1), min(int(down), height - 1)
        spread = [max(_NARROWEST, _SPREAD * size / STRIDE) for size in (wide, high)]
        columns = np.arange(max(0, column - 4), min(width, column + 5))
        rows = np.arange(max(0, row - 4), min(height, row + 5))
        heat = np.exp(
            -((columns[None] - column) ** 2) / (2 * spread[0] ** 2)
            - ((rows[:, None] - row) ** 2) / (2 * spread[1] ** 2)
        )
        spot = targets[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        nearer = heat > spot[..., 0]
        spot[nearer, 0] = heat[nearer]
        inside = nearer & (heat >= _NEAR)
        wanted = np.full(CLASSES, label_smoothing / CLASSES, np.float32)
        wanted[int(label)] += 1 - label_smoothing
        spot[inside, 1 : 1 + CLASSES] = wanted
        # The middle of a cell is the place that its offset counts from.
        spot[..., -5][inside] = np.broadcast_to(across - columns[None] - 0.5, heat.shape)[inside]
        spot[..., -4][inside] = np.broadcast_to(down - rows[:, None] - 0.5, heat.shape)[inside]
        spot[inside, -3] = np.log(max(wide, 1) / HEIGHT)
        spot[inside, -2] = np.log(max(high, 1) / HEIGHT)
        spot[inside, -1] = heat[inside]
    return targets
