"""The published models keep their promises on real data, asked as users ask."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from digits_client import Client, Prediction
from digits_core import Recognizer, from_pixels
from digits_core.bundle import MODEL_FILE, find
from digits_core.metrics import expected_calibration_error, negative_log_likelihood
from numpy.typing import NDArray

from benchmarks import pictures

PUBLISHED = ["cnn", "mlp"]
MOST_PARAMETERS = {"cnn": 500_000, "mlp": 1_000_000}
LEAST_RIGHT = {"cnn": 0.996, "mlp": 0.994}

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def data() -> Path:
    """The folder of the data that models are measured on."""
    if "DIGITS_DATA_DIR" not in os.environ:
        pytest.skip("DIGITS_DATA_DIR names no folder with mnist/ and own_digits/")
    return Path(os.environ["DIGITS_DATA_DIR"])


@pytest.fixture(scope="module")
def mnist_test(data: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """All 10,000 test images and their labels."""
    return pictures.mnist_test(data)


def digits_of(answers: list[Prediction]) -> NDArray[np.int_]:
    """The answered digits; -1 where there is no ink."""
    return np.array([-1 if answer.digit is None else answer.digit for answer in answers])


@pytest.mark.parametrize("model", PUBLISHED)
def test_mnist_test_set_over_grpc(
    server_address: str, mnist_test: tuple[NDArray[np.uint8], NDArray[np.uint8]], model: str
) -> None:
    """All 10,000 as `pixels` reach the accuracy; as PNG files they are within 0.1 points of it."""
    images, labels = mnist_test
    with Client(server_address) as client, ThreadPoolExecutor(4) as pool:
        as_pixels = list(pool.map(lambda image: client.predict(pixels=image, model=model), images))
        as_files = client.predict_batch(map(pictures.png, images), model)

    by_pixels = (digits_of(as_pixels) == labels).mean()
    by_files = (digits_of(as_files) == labels).mean()
    assert by_pixels >= LEAST_RIGHT[model]
    assert by_files == pytest.approx(by_pixels, abs=0.001)


def test_size_and_place_hardly_matter(
    server_address: str, mnist_test: tuple[NDArray[np.uint8], NDArray[np.uint8]]
) -> None:
    """Of 10,000 images enlarged, moved and inverted, at most 25 are answered otherwise."""
    images, _ = mnist_test
    with Client(server_address) as client:
        as_files = client.predict_batch(map(pictures.png, images), "cnn")
        as_sent = client.predict_batch(pictures.enlarged(images), "cnn")

    assert (digits_of(as_files) != digits_of(as_sent)).sum() <= 25


def test_pictures_that_people_sent(server_address: str, data: Path) -> None:
    """The CNN reads at least 98 % of them; an error counts as wrong."""
    own = pictures.own_digits(data)
    with Client(server_address) as client:
        answers = client.predict_batch(own.pictures, "cnn")

    right = [
        isinstance(answer, Prediction) and answer.digit == label
        for answer, label in zip(answers, own.labels, strict=True)
    ]
    assert np.mean(right) >= 0.98


@pytest.mark.parametrize("model", PUBLISHED)
def test_the_confidence_may_be_believed(
    mnist_test: tuple[NDArray[np.uint8], NDArray[np.uint8]], model: str
) -> None:
    """ECE is at most 0.5 %, and the temperature makes the likelihood no worse."""
    images, labels = mnist_test
    recognizer = Recognizer.load(model)
    logits = np.concatenate([recognizer.logits(part) for part in np.array_split(images, 40)])
    plain = np.exp(logits.astype(float))
    plain /= plain.sum(axis=1, keepdims=True)
    scores = np.concatenate([recognizer.scores(part) for part in np.array_split(images, 40)])

    assert expected_calibration_error(scores, labels) <= 0.005
    assert negative_log_likelihood(scores, labels) <= negative_log_likelihood(plain, labels)


@pytest.mark.parametrize("model", PUBLISHED)
def test_the_manifest_tells_the_truth(
    mnist_test: tuple[NDArray[np.uint8], NDArray[np.uint8]], model: str
) -> None:
    """The published accuracy is the measured one, and the model has the size that is allowed."""
    images, labels = mnist_test
    recognizer = Recognizer.load(model)
    manifest = recognizer.manifest
    answers = recognizer.recognize([from_pixels(image) for image in images])

    measured = float(np.mean([a.digit == label for a, label in zip(answers, labels, strict=True)]))
    assert manifest.metrics["mnist_test_accuracy"] == pytest.approx(measured, abs=2e-4)
    assert manifest.parameters <= MOST_PARAMETERS[model]


def test_the_models_are_not_swapped() -> None:
    """Each bundle holds the architecture that its name says: only the CNN has convolutions."""
    convolves = {name: b"Conv" in (find(name) / MODEL_FILE).read_bytes() for name in PUBLISHED}

    assert convolves == {"cnn": True, "mlp": False}
