"""What a failed call says of itself beyond its status code."""

from typing import Any

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status


def detail(error: grpc.RpcError, kind: type) -> Any:
    """The error's detail of that message type, or None."""
    status = rpc_status.from_call(error)
    for packed in status.details if status else ():
        message = kind()
        if packed.Unpack(message):
            return message
    return None


def reason(error: grpc.RpcError) -> str:
    """The reason in the error's ErrorInfo."""
    return detail(error, ErrorInfo).reason
