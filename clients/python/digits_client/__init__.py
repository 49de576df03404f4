"""Python client of digits: handwritten digits over gRPC.

    from digits_client import Client

    with Client("localhost:50051") as client:
        print(client.predict("digit.png").digit)

`AsyncClient` has the same methods for programs on an event loop. The command
line `digits` stands on `Client`.
"""

from digits_client.aio import AsyncClient
from digits_client.answers import (
    Alternative,
    Box,
    Comparison,
    Model,
    Number,
    NumberDigit,
    Prediction,
)
from digits_client.client import Client
from digits_client.errors import (
    DeadlineExceeded,
    DigitsError,
    ImageError,
    ModelNotFound,
    Overloaded,
    ServerUnavailable,
)

__all__ = [
    "Alternative",
    "AsyncClient",
    "Box",
    "Client",
    "Comparison",
    "DeadlineExceeded",
    "DigitsError",
    "ImageError",
    "Model",
    "ModelNotFound",
    "Number",
    "NumberDigit",
    "Overloaded",
    "Prediction",
    "ServerUnavailable",
]
