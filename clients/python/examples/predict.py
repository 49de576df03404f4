"""Ask a digits server what digits are in the pictures: python predict.py FILE..."""

# ruff: noqa: T201 - printing is what it is for

import os
import sys

from digits_client import Client, DigitsError


def main() -> None:
    """Print a line a picture."""
    with Client(os.environ.get("DIGITS_SERVER_ADDRESS", "localhost:50051")) as client:
        for path in sys.argv[1:]:
            try:
                answer = client.predict(path)
            except DigitsError as error:
                print(f"{path}: {error}", file=sys.stderr)
            else:
                print(f"{path}: {answer.digit} ({answer.confidence:.1%})", answer.reason or "")


if __name__ == "__main__":
    main()
