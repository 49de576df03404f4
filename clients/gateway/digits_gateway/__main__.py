"""The process: `python -m digits_gateway` serves, `python -m digits_gateway check` asks it."""

import argparse
import os
import sys

from digits_gateway import address


def main(arguments: list[str] | None = None) -> int:
    """Serve, or check that a gateway on this machine is ready. Returns the exit code."""
    parser = argparse.ArgumentParser("digits-gateway", description="The REST gateway and its page")
    parser.add_argument(
        "command",
        nargs="?",
        choices=("serve", "check"),
        default="serve",
        help="serve (the default), or check: exit 0 when the gateway on this machine is ready",
    )
    command = parser.parse_args(arguments).command
    return _check(address.own(os.environ)) if command == "check" else _serve()


def _check(asked: str) -> int:
    # Imported here, as the check is run every few seconds and needs nothing else.
    from digits_gateway.check import NotReady, ask  # noqa: PLC0415

    try:
        ask(asked)
    except NotReady as error:
        print(error, file=sys.stderr)  # noqa: T201 - for whoever runs it by hand
        return 1
    return 0


def _serve() -> int:
    from digits_gateway.server import serve  # noqa: PLC0415 - takes a second that checks need not
    from digits_gateway.settings import InvalidSettings, load  # noqa: PLC0415

    try:
        settings = load()
    except InvalidSettings as error:
        print(error, file=sys.stderr)  # noqa: T201 - the log is not set up without settings
        return 2
    return serve(settings)


if __name__ == "__main__":
    sys.exit(main())
