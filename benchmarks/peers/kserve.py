"""Writes requests of the KServe v2 protocol, in the environment of a peer that has its stubs.

In: uint8[N, 28, 28] as a NumPy file. Out: N messages, each behind its length (4 bytes, little end
first).
"""

import argparse
import struct
from pathlib import Path

import numpy as np
from tritonclient.grpc import service_pb2

MODEL = "digits"


def main() -> None:
    """Write a request a picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("requests", type=Path)
    chosen = parser.parse_args()
    with chosen.requests.open("wb") as file:
        for picture in np.load(chosen.pictures):
            image = service_pb2.ModelInferRequest.InferInputTensor(
                name="image", datatype="UINT8", shape=(1, *picture.shape)
            )
            message = service_pb2.ModelInferRequest(
                model_name=MODEL, inputs=[image], raw_input_contents=[picture.tobytes()]
            ).SerializeToString()
            file.write(struct.pack("<I", len(message)) + message)


if __name__ == "__main__":
    main()
