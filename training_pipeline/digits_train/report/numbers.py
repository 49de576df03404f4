"""The chapter on numbers of several digits: strings by kind and length."""

from collections import defaultdict

from digits_core import Reader

from digits_train.data import Data
from digits_train.reading.composition import Spacing
from digits_train.reading.trials import LENGTHS, score, strings
from digits_train.report.measured import percent, wilson
from digits_train.report.page import Chapter, Table

SEED = 633
STRINGS = 1_000
SPACINGS: tuple[Spacing, ...] = ("separated", "touching", "overlapping")

MADE = (
    "Strings of 1 to 6 of MNIST's test digits at their own size, white on black. Between the boxes "
    "of separated digits lie 2 to 8 pixels, between those of touching ones none; overlapping ones "
    "share 2 to 4 pixels. A string counts as read when every digit of it is right and none is "
    "missing or too many."
)


def numbers(reader: Reader | None, data: Data) -> Chapter:
    """How many strings of each kind and length the published reader reads exactly."""
    title = "Numbers of several digits"
    if reader is None:
        return Chapter(title, ["No reader is published."])
    rows = []
    for spacing in SPACINGS:
        right: dict[int, list[bool]] = defaultdict(list)
        for ink, text in strings(data.test, data.test_labels, spacing, STRINGS, SEED):
            right[len(text)].append(score(reader.read(ink).text, text).exact)
        hits = sum(map(sum, right.values()))
        of_length = [percent(sum(right[n]) / len(right[n]), 1) if right[n] else "" for n in LENGTHS]
        rows.append([spacing, percent(hits / STRINGS, 1), wilson(hits, STRINGS), *of_length])
    head = ["strings", "exactly right", "95 % interval", *(f"length {n}" for n in LENGTHS)]
    manifest = reader.manifest
    caption = f"{STRINGS:,} strings a row; reader {reader.version} ({manifest.digest[:12]})."
    return Chapter(title, [MADE, Table(head, rows, caption)])
