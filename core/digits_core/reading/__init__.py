"""Numbers of several digits: where the characters are, what they are, in what order."""

from digits_core.reading.detector import MOST_CHARACTERS
from digits_core.reading.reader import Reader
from digits_core.reading.readings import check_hints
from digits_core.reading.several import counted, may_be_several

__all__ = ["MOST_CHARACTERS", "Reader", "check_hints", "counted", "may_be_several"]
