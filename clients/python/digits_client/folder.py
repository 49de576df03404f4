"""Which files the paths of a command line stand for, and how they are written down."""

import os
from collections.abc import Iterable, Iterator

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    *(".heic", ".heif", ".avif"),  # which the server does not read: it says so, and the cure
)


def files(paths: Iterable[str]) -> Iterator[str]:
    """Yield the files that the paths name, folder by folder, in the paths' order.

    A folder is walked recursively and yields its files with an image suffix, in
    any case, in byte order of their paths. Anything else is yielded as it is, so
    that what is missing or cannot be opened fails where it is read. Links to
    files count, links to folders below the first are not followed: no loop can
    be entered.
    """
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where it may not look
            yield from _walk(path)
        else:
            yield path


def portable(path: str) -> str:
    r"""Return the path as text that any encoding can hold: a byte that is not UTF-8 as \xff."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def visible(path: str) -> str:
    """Return the path on one line, without anything that moves a terminal's cursor."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in portable(path)
    )


def _walk(folder: str) -> Iterator[str]:
    """Yield a folder's files in byte order; a folder that cannot be listed, itself."""
    waiting = [(folder, True)]
    while waiting:
        path, listed = waiting.pop()
        if not listed:
            yield path
            continue
        try:
            with os.scandir(path) as entries:
                found = [entry for entry in entries if _wanted(entry)]
        except OSError:
            yield path
            continue
        # A folder sorts as its files' paths do, with the separator: "a-b" before "a/b".
        found.sort(key=lambda entry: os.fsencode(entry.name) + b"/" * _is_folder(entry))
        waiting.extend((entry.path, _is_folder(entry)) for entry in reversed(found))


def _wanted(entry: os.DirEntry[str]) -> bool:
    if _is_folder(entry):
        return True
    # A broken link is a row that says so; a pipe or a device would block the run.
    return entry.name.lower().endswith(SUFFIXES) and (entry.is_symlink() or entry.is_file())


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)
