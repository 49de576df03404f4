"""The cheapest server that Python has: it answers every call with the same bytes.

grpc.aio on uvloop, in as many processes as the server that it is the limit of.
They share a port (SO_REUSEPORT), have no interceptor and look into no request.
"""

import asyncio
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier

import grpc
import uvloop

METHOD = "/benchmark.NoOp/Answer"


@contextmanager
def no_op(reply: bytes, processes: int) -> Iterator[tuple[str, list[int]]]:
    """Serve `reply`; yield address and process ids. The generator waits until they accept."""
    spawn = multiprocessing.get_context("spawn")
    with socket.socket() as taken:
        # Bound, but not listening: it keeps the port for the processes, and gets no connection.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ready = spawn.Barrier(processes + 1)
        servers = [
            spawn.Process(target=_main, args=(address, reply, ready), daemon=True)
            for _ in range(processes)
        ]
        for server in servers:
            server.start()
        try:
            ready.wait(timeout=30)
            yield address, [server.pid or 0 for server in servers]
        finally:
            for server in servers:
                server.terminate()
                server.join()


def _main(address: str, reply: bytes, ready: Barrier) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(address, reply, ready))


async def _serve(address: str, reply: bytes, ready: Barrier) -> None:
    async def answer(_request: bytes, _context: object) -> bytes:
        return reply

    handler = grpc.unary_unary_rpc_method_handler(answer)
    service, _, method = METHOD.removeprefix("/").partition("/")
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    server.add_insecure_port(address)
    await server.start()
    ready.wait()
    await server.wait_for_termination()
