"""The published model behind plain FastAPI and onnxruntime, as tutorials write it.

A picture is made grey, resized to 28 x 28 and inverted, no more. The body is
the file itself, as parsing a form would cost as much as the model.
"""

import os

import cv2
import numpy as np
import onnxruntime as ort
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel

cv2.setNumThreads(1)
options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(
    os.environ["PEER_MODEL"], options, providers=["CPUExecutionProvider"]
)
app = FastAPI()


class Answer(BaseModel):
    """The digit and the model's eleven scores."""

    digit: int
    logits: list[float]


@app.post("/predict")
async def predict(request: Request) -> Answer:
    """Read the digit of a picture; black ink on white."""
    body = np.frombuffer(await request.body(), np.uint8)
    picture = cv2.imdecode(body, cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise HTTPException(400, "not a picture")
    small = cv2.resize(picture, (28, 28), interpolation=cv2.INTER_AREA)
    pixels = (255 - small).astype(np.float32) / 255
    (logits,) = session.run(None, {"image": pixels[np.newaxis]})[0]
    return Answer(digit=int(logits[:10].argmax()), logits=logits.tolist())
