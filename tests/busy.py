"""A server that takes one call at a time, with that one at work."""

import grpc
from digits.v1 import digits_pb2 as pb
from digits.v1.digits_pb2_grpc import DigitServiceStub

BLANK = pb.PredictRequest(image=pb.Image(pixels=bytes(784)))


def is_free(stub: DigitServiceStub) -> bool:
    """Whether the server's one place is free."""
    code = stub.Predict.future(BLANK).code()
    assert code in (grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED)
    return code is grpc.StatusCode.OK


def occupy(stub: DigitServiceStub, picture: bytes) -> grpc.Future:
    """A call about a picture that takes long, once it has the place.

    It may have to be sent again: the question whether the place is free takes it, too.
    """
    while True:
        call = stub.Predict.future(pb.PredictRequest(image=pb.Image(encoded=picture)))
        while not call.done():
            if not is_free(stub) and not call.done():
                return call
