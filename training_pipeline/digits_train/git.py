"""What git says about a folder, for the provenance of a bundle."""

import subprocess
from pathlib import Path


def head(folder: Path) -> str:
    """The commit that is checked out, 40 hexadecimal digits; "" outside a checkout."""
    return (_ask(folder, "rev-parse", "HEAD") or "").strip()


def changed(folder: Path, besides: Path) -> list[str] | None:
    """The paths of the checkout with uncommitted changes, those in `besides` left out.

    None outside a checkout.
    """
    status = _ask(folder, "status", "--porcelain", "--", ":/", f":(exclude){besides}")
    return None if status is None else [line[3:] for line in status.splitlines()]


def _ask(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
