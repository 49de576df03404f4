"""What a server process counts. In memory that its supervisor may share: nobody waits to tell."""

import ctypes
import mmap
from typing import Self


class Figures(ctypes.Structure):
    """Counts since the process started.

    `beats` grows while the event loop turns, `answered` and `failed` are calls
    that ended, `in_flight` those at work.
    """

    beats: int
    in_flight: int
    answered: int
    failed: int

    _fields_ = (
        ("beats", ctypes.c_int64),
        ("in_flight", ctypes.c_int64),
        ("answered", ctypes.c_int64),
        ("failed", ctypes.c_int64),
    )

    @classmethod
    def shared(cls) -> Self:
        """Zeros that processes forked from this one share; no file is needed."""
        return cls.from_buffer(mmap.mmap(-1, ctypes.sizeof(cls)))
