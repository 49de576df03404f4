"""The gRPC inference server: transport, batching and lifecycle round `digits_core.Recognizer`."""
