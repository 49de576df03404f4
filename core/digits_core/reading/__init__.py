"""Numbers of several digits: where the characters are, what they are, in what order."""

from digits_core.reading.reader import MOST_CHARACTERS, Reader

__all__ = ["MOST_CHARACTERS", "Reader"]
