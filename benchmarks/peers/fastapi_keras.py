"""Keras behind FastAPI, `model.predict` a request, as tutorials write it.

The same net as the published one, untrained: its answers mean nothing, and its
speed does not depend on its weights.
"""

import os

import cv2
import keras
import numpy as np
import tensorflow as tf
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel

cv2.setNumThreads(1)
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
model = keras.models.load_model(os.environ["PEER_MODEL"])
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
    (logits,) = model.predict(pixels[np.newaxis], verbose=0)
    return Answer(digit=int(logits[:10].argmax()), logits=logits.tolist())
