"""The end of a long run by Ctrl-C or SIGTERM."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible(cancel: Callable[[], None]) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM cancel the block, and a second end the process.

    A handler that raises does so wherever the program happens to be, in a
    library's callback too, and there the exception is lost. This one wakes a
    thread that calls `cancel`, upon which what the block is waiting for has to
    fail; the process's exit code is then 128 and the signal's number. A signal
    that is ignored, as SIGINT is in a shell's background, stays so.
    """
    received: list[int] = []
    wake, bell = os.pipe()

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        for each in earlier:
            signal.signal(each, signal.SIG_DFL)
        os.write(bell, b"!")

    def watch() -> None:
        if os.read(wake, 1):
            cancel()

    watcher = threading.Thread(target=watch, name="interruption", daemon=True)
    watcher.start()
    earlier = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    for number in earlier:
        signal.signal(number, note)
    try:
        yield
    except Exception:
        if not received:
            raise
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
        os.close(bell)
        watcher.join()
        os.close(wake)
    if received:
        sys.exit(128 + received[0])
