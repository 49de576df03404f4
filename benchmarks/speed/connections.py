"""Connections that carry raw bodies to a server and raw answers back, as cheaply as Python can."""

import asyncio
from collections.abc import Sequence
from typing import Protocol, Self, cast

import grpc
import httptools

READY_S = 20.0
"""How long a server may take to accept a connection."""

MESSAGE_BYTES = 64 * 2**20


class Refused(Exception):
    """The server did not answer well; the text is the gRPC code or the HTTP status."""


class Connections(Protocol):
    """What the load generator needs of a protocol. Closed by `close`."""

    async def ask(self, line: int, body: bytes) -> bytes:
        """The answer to `body` by the connection number `line`; raises `Refused`."""

    async def close(self) -> None: ...


class GrpcConnections:
    """Unary calls of one method without serializers, over channels that share no connection."""

    def __init__(self, channels: Sequence[grpc.aio.Channel], method: str) -> None:
        self._channels = channels
        self._calls = [channel.unary_unary(method, None, None) for channel in channels]

    @classmethod
    async def open(cls, address: str, method: str, count: int) -> Self:
        """Connect `count` times. Several channels of one process share a connection otherwise."""
        channels = [
            grpc.aio.insecure_channel(
                address,
                options=[
                    ("digits.connection", index),
                    ("grpc.use_local_subchannel_pool", 1),
                    ("grpc.enable_http_proxy", 0),
                    ("grpc.max_receive_message_length", MESSAGE_BYTES),
                    ("grpc.max_send_message_length", MESSAGE_BYTES),
                ],
            )
            for index in range(count)
        ]
        async with asyncio.timeout(READY_S):
            await asyncio.gather(*(channel.channel_ready() for channel in channels))
        return cls(channels, method)

    async def ask(self, line: int, body: bytes) -> bytes:
        try:
            return await self._calls[line % len(self._calls)](body)
        except grpc.aio.AioRpcError as error:
            raise Refused(error.code().name) from error

    async def close(self) -> None:
        await asyncio.gather(*(channel.close(None) for channel in self._channels))


class HttpConnections:
    """POST over HTTP/1.1: a connection carries one request at a time and is kept for the next."""

    def __init__(self, address: str, path: str, headers: dict[str, str]) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        lines = [f"POST {path} HTTP/1.1", f"host: {address}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._head = "\r\n".join([*lines, "content-length: "]).encode()
        self._idle: list[_Exchange] = []

    async def ask(self, line: int, body: bytes) -> bytes:  # noqa: ARG002 - any idle one will do
        exchange = await self._take()
        status, answer = await exchange.post(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        self._idle.append(exchange)
        if status != 200:
            raise Refused(str(status))
        return answer

    async def close(self) -> None:
        for exchange in self._idle:
            exchange.close()

    async def _take(self) -> "_Exchange":
        while self._idle:
            exchange = self._idle.pop()
            if exchange.open:
                return exchange
            exchange.close()
        loop = asyncio.get_running_loop()
        try:
            _, exchange = await loop.create_connection(_Exchange, self._host, self._port)
        except OSError as error:
            raise Refused(type(error).__name__) from error
        return exchange


class _Exchange(asyncio.Protocol):
    """One HTTP connection."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._kept = True

    @property
    def open(self) -> bool:
        """Whether the peer will take another request."""
        return self._kept and not self._transport.is_closing()

    async def post(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; status and body of the answer. Raises `Refused`."""
        self._answer: asyncio.Future[tuple[int, bytes]] = asyncio.Future()
        self._body.clear()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by behaviour alone

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - it is lost
        self._kept = False
        if hasattr(self, "_answer") and not self._answer.done():
            self._answer.set_exception(Refused("connection lost"))

    def on_body(self, part: bytes) -> None:
        self._body += part

    def on_message_complete(self) -> None:
        self._kept = self._parser.should_keep_alive()
        self._answer.set_result((self._parser.get_status_code(), bytes(self._body)))
