"""What is sent: pictures of handwritten digits, serialized once.

MNIST's test images, enlarged as strokes on a canvas, where the data is there;
drawings of our own strokes elsewhere. No two of a set are alike.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from digits.v1 import digits_pb2 as pb
from digits_core import prepare
from digits_train.drawings import STYLES, drawing
from numpy.typing import NDArray

from benchmarks import pictures

CANVAS = 280
JPEG_BYTES = 3_000_000
BOUNDARY = "digits"


def values(data: Path | None, count: int) -> list[bytes]:
    """`count` pictures of 784 bytes, white ink on black, as a model sees them."""
    if data is not None:
        return [image.tobytes() for image in pictures.mnist_test(data)[0][:count]]
    return [prepare(canvas).pixels.tobytes() for canvas in _drawings(count, CANVAS)]


def files(data: Path | None, count: int, side: int = CANVAS) -> Iterator[bytes]:
    """`count` PNG files of `side` x `side` pixels, dark ink on a bright canvas."""
    if data is None:
        yield from map(pictures.png, _drawings(count, side))
        return
    for image in pictures.mnist_test(data)[0][:count]:
        blurred = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        # As steep as a pen's edge on a canvas, two to three pixels.
        ink = np.clip((blurred - 127.5) * max(1, side / 56) + 127.5, 0, 255)
        yield pictures.png((255 - ink).astype(np.uint8))


def photo(width: int = 4000, height: int = 3000, size: int = JPEG_BYTES) -> bytes:
    """A JPEG file of about `size` bytes as a phone takes it: a digit on paper in uneven light.

    The noise of 12 megapixels makes up most of such a file; its strength is what is fitted.
    """
    paper = cv2.resize(drawing(5, side=1000, pen=30), (height, height))
    left = (width - height) // 2
    paper = cv2.copyMakeBorder(
        paper, 0, 0, left, width - height - left, cv2.BORDER_CONSTANT, value=245
    )
    lit = paper * np.linspace(0.6, 1.0, width, dtype=np.float32)
    grain = np.random.default_rng(0).standard_normal((height, width, 3), np.float32)
    weak, strong = 0.0, 16.0
    for _ in range(6):
        noise = (weak + strong) / 2
        shown = np.clip(lit[..., None] * (0.95, 0.98, 1.0) + noise * grain, 0, 255)
        file = cv2.imencode(".jpg", shown.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
        weak, strong = (noise, strong) if file.size < size else (weak, noise)
    return file.tobytes()


def predict_values(pixels: bytes, model: str = "") -> bytes:
    """A `PredictRequest` for 784 bytes."""
    return pb.PredictRequest(image=pb.Image(pixels=pixels), model=model).SerializeToString()


def predict_file(file: bytes, model: str = "") -> bytes:
    """A `PredictRequest` for a file."""
    return pb.PredictRequest(image=pb.Image(encoded=file), model=model).SerializeToString()


def predict_batch(pixels: Sequence[bytes], model: str) -> bytes:
    """A `PredictBatchRequest` for many times 784 bytes."""
    images = [pb.Image(pixels=each) for each in pixels]
    return pb.PredictBatchRequest(images=images, model=model).SerializeToString()


def answer() -> bytes:
    """A `PredictResponse` as the server gives it: what a server that does nothing answers."""
    prediction = pb.Prediction(
        digit=7,
        confidence=0.99,
        probabilities=[0.1] * 10,
        digit_score=0.99,
        accepted=True,
        model="cnn",
        model_version="3",
        digit_count=1,
    )
    return pb.PredictResponse(prediction=prediction).SerializeToString()


def multipart(file: bytes) -> bytes:
    """The form of a browser with the file in its field `file`, apart by `BOUNDARY`."""
    return (
        b"--%b\r\n"
        b'content-disposition: form-data; name="file"; filename="digit.png"\r\n'
        b"content-type: image/png\r\n\r\n"
        b"%b\r\n--%b--\r\n" % (BOUNDARY.encode(), file, BOUNDARY.encode())
    )


def _drawings(count: int, side: int) -> Iterator[NDArray[np.uint8]]:
    """Digits in turn, each with a pen, a size and a place of its own."""
    draw = np.random.default_rng(0)
    for index in range(count):
        x, y = draw.uniform(0.42, 0.58, 2)
        yield drawing(
            index % 10,
            index // 10 % STYLES,
            side=side,
            pen=side * draw.uniform(0.035, 0.07),
            fill=draw.uniform(0.5, 0.75),
            at=(float(x), float(y)),
        )
