"""Version 1 of the gRPC contract: messages in `digits_pb2`, stubs in `digits_pb2_grpc`."""
