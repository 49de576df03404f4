"""`digits-server` serves; `digits-server check` asks a running server for its health."""

import argparse
import os
import signal
import sys
from types import FrameType

from digits_server import address


def main() -> None:
    """Run the command line: exit 0 when all is well, 1 on a failure, 2 on a mistake in usage."""
    parser = _parser()
    arguments = parser.parse_args()
    match arguments.command, arguments.address:
        case "check", asked:
            sys.exit(_check(asked or address.own(os.environ)))
        case None, None:
            _serve(parser)
        case None, _:
            parser.error(
                "--address belongs to check: serving takes DIGITS_HOST and DIGITS_GRPC_PORT"
            )
        case unknown, _:
            parser.error(f"there is no command {unknown!r}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="digits-server",
        description="Serves the published models over gRPC. "
        "Settings are read from DIGITS_ environment variables.",
    )
    # Not one of `choices`: of "--prot 1" argparse would then name the 1.
    parser.add_argument(
        "command",
        nargs="?",
        metavar="check",
        help="ask a server for its health instead: exit 0 when it serves, else 1",
    )
    parser.add_argument("--address", metavar="HOST:PORT", help="of the server to check")
    return parser


def _check(asked: str) -> int:
    # Imported here, as the check is run every few seconds and needs nothing else.
    from digits_server.check import is_serving  # noqa: PLC0415

    return 0 if is_serving(asked) else 1


def _serve(parser: argparse.ArgumentParser) -> None:
    # While modules are imported there is nothing to drain.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    # Workers are forked, and a thread of numpy's would be missing in them; nothing here has
    # matrices for it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Imported here, as these take half a second, in which a signal may come.
    import asyncio  # noqa: PLC0415

    import structlog  # noqa: PLC0415
    import uvloop  # noqa: PLC0415
    from digits_core.errors import CoreError  # noqa: PLC0415

    from digits_server import log, settings  # noqa: PLC0415
    from digits_server.alone import serve_alone  # noqa: PLC0415
    from digits_server.supervisor import supervise  # noqa: PLC0415

    log.configure()
    try:
        chosen = settings.read(os.environ)
    except settings.WrongSettings as error:
        parser.error(str(error))
    for name, nearest in settings.unknown(os.environ):
        structlog.get_logger(__name__).warning("unknown_setting", name=name, nearest=nearest)
    try:
        if chosen.workers > 1 and sys.platform == "linux":
            supervise(chosen)
        else:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve_alone(chosen))
    except CoreError as error:
        sys.exit(f"digits-server: {error}")


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
