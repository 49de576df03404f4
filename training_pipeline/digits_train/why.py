"""Stage `why`: what convolutions buy, shown by small trainings on MNIST as it is.

Nothing is normalised or bent here, so that the models alone make the difference.
Beside them a tutorial's CNN is trained, with which the table of corruptions
compares. On two cores all of it takes about ten minutes.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from digits_train.config import Config
from digits_train.corruptions import NAMES, corrupted
from digits_train.data import NOT_A_DIGIT, Data
from digits_train.model import build

log = logging.getLogger(__name__)

MODELS = ("mlp", "cnn")
SIZES = (100, 1_000, 10_000)
SEEDS = 3
"""Trainings on the two smallest sizes, whose digits are a matter of luck."""
SHIFTS = range(7)
EPOCHS = 2
"""Of all digits. Smaller parts are seen as often as gives as many pictures,"""
MOST_EPOCHS = 60
"""but no oftener than this."""
BATCH = 64
RATE = 1e-3
NORM_MOMENTUM = 0.9  # a hundred steps must do for the smallest part
TUTORIAL_EPOCHS = 3


@dataclass(frozen=True, slots=True)
class Lesson:
    """One training: which model on how many digits; `permuted` mixes the pixels, all alike."""

    model: str
    size: int
    seed: int
    permuted: bool = False

    @property
    def key(self) -> str:
        order = ", permuted" if self.permuted else ""
        return f"{self.model}, {self.size} digits, seed {self.seed}{order}"


def why(config: Config, data: Data, work: Path) -> dict[str, Any]:
    """Run every training that `work`/why.json does not know yet, and return what it then holds.

    `lessons` lists how many `pictures` each training saw, its `seconds`, its
    `accuracy` on the test images and, where the pixels are in order and all
    digits were seen, `shifted`: the accuracy after moving each test image by 0
    to 6 pixels, up, down, left or right. `tutorial` holds the tutorial CNN's
    `accuracy` and, by name, its accuracy after each of the `corruptions`.
    """
    path = work / "why.json"
    origin = {"source": config.data.source, "train": len(data.train), "test": len(data.test)}
    found: dict[str, Any] = {"origin": origin, "lessons": {}}
    if path.is_file() and (known := json.loads(path.read_text("utf-8")))["origin"] == origin:
        found = known

    def save() -> None:
        path.write_text(json.dumps(found, indent=2) + "\n", "utf-8")

    for lesson in lessons(len(data.train)):
        if lesson.key not in found["lessons"]:
            found["lessons"][lesson.key] = asdict(lesson) | _learn(lesson, data)
            log.info("%s: %.2f %%", lesson.key, 100 * found["lessons"][lesson.key]["accuracy"])
            save()
    if "tutorial" not in found:
        found["tutorial"] = _tutorial(config.seed, data)
        save()
    return found


def lessons(train: int) -> list[Lesson]:
    """All trainings, given how many digits there are to train with."""
    sizes = [size for size in SIZES if size < train]
    return [
        *(
            Lesson(model, size, seed)
            for size in sizes
            for seed in range(SEEDS if size <= SIZES[1] else 1)
            for model in MODELS
        ),
        *(Lesson(model, train, 0, permuted) for permuted in (False, True) for model in MODELS),
    ]


def moved(images: NDArray[np.uint8], pixels: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Move each of uint8[N, 28, 28] up, down, left or right; what leaves the picture is lost."""
    padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels)))
    rows, columns = np.indices((28, 28)) + pixels
    steps = pixels * np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])[rng.integers(0, 4, len(images))]
    down, across = steps[:, 0, None, None], steps[:, 1, None, None]
    return padded[np.arange(len(images))[:, None, None], rows + down, columns + across]


def _learn(lesson: Lesson, data: Data) -> dict[str, Any]:
    rng = np.random.default_rng([lesson.seed, lesson.size])
    chosen = rng.permutation(len(data.train))[: lesson.size]
    # The same wrong order for every model, of training and of test images.
    order = np.random.default_rng(0).permutation(784) if lesson.permuted else np.arange(784)

    def seen(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        mixed = images.reshape(-1, 784)[:, order].reshape(-1, 28, 28)
        return mixed.astype(np.float32) / np.float32(255)

    model = build(lesson.model, lesson.seed, NORM_MOMENTUM)
    epochs = min(MOST_EPOCHS, round(EPOCHS * len(data.train) / lesson.size))
    seconds = _fit(
        model,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        seen(data.train[chosen]),
        data.train_labels[chosen],
        epochs,
    )

    def right(images: NDArray[np.uint8]) -> float:
        return _right(model, seen(images), data.test_labels)

    found: dict[str, Any] = {
        "pictures": epochs * lesson.size,
        "seconds": round(seconds, 1),
        "accuracy": right(data.test),
    }
    if lesson.size == len(data.train) and not lesson.permuted:
        found["shifted"] = [
            right(moved(data.test, pixels, np.random.default_rng(pixels))) for pixels in SHIFTS
        ]
    return found


def _tutorial(seed: int, data: Data) -> dict[str, Any]:
    """Train the CNN of a hundred tutorials: two convolutions, no augmentation."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )

    def seen(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return images[..., None].astype(np.float32) / np.float32(255)

    seconds = _fit(
        model,
        keras.losses.SparseCategoricalCrossentropy(),
        seen(data.train),
        data.train_labels,
        TUTORIAL_EPOCHS,
    )
    return {
        "seconds": round(seconds, 1),
        "parameters": model.count_params(),
        "accuracy": _right(model, seen(data.test), data.test_labels),
        "corruptions": {
            name: _right(model, seen(corrupted(name, data.test)), data.test_labels)
            for name in NAMES
        },
    }


def _fit(
    model: keras.Model,
    loss: Callable[..., object],
    images: NDArray[np.float32],
    labels: NDArray[np.uint8],
    epochs: int,
) -> float:
    model.compile(optimizer=keras.optimizers.Adam(RATE), loss=loss, jit_compile=False)
    started = time.perf_counter()
    model.fit(images, labels, batch_size=BATCH, epochs=epochs, verbose=0)
    return time.perf_counter() - started


def _right(model: keras.Model, images: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    # Called as it is: predict() compiles a graph anew for each of so many small models.
    parts = np.array_split(images, max(1, len(images) // 500))
    answers = np.concatenate([ops.convert_to_numpy(model(part, training=False)) for part in parts])
    return float((answers[:, :NOT_A_DIGIT].argmax(axis=1) == labels).mean())
