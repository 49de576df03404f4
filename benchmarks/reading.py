"""What the published reader must show on numbers, composed and sent, in one table.

Needs DIGITS_DATA_DIR; prints Markdown. Everything runs in this process through
`digits_core.Reader`, with the thresholds of its manifest. `--only` names the
parts to run.
"""

import argparse
import csv
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pictures
from digits_core import ImageError, Reader
from digits_core.bundle import MODELS_DIR
from digits_core.prediction import Rejection
from digits_train import trials as single
from digits_train.reading import trials
from digits_train.reading.trials import Score, score
from rows import HEAD, RULES, Row, markdown, summary
from serving import machine

SEED = 633
"""Of the generated sets; any would do, this one is in the table for good."""

STRINGS = 1_000
PAGES = 1_000
EMPTY = 500
SURE = 0.9
CALLS = 30
LIMIT_MS, AIM_MS = 60.0, 25.0

Part = Callable[[Reader, Path], Iterator[Row]]


def strings(reader: Reader, data: Path) -> Iterator[Row]:
    """Strings of unseen digits."""
    images, labels = pictures.mnist_test(data)
    for spacing, least, aim in (
        ("separated", 0.98, 0.99),
        ("touching", 0.90, 0.96),
        ("overlapping", 0.75, 0.88),
    ):
        made = trials.strings(images, labels, spacing, STRINGS, SEED)
        exact = float(np.mean([score(reader.read(ink).text, text).exact for ink, text in made]))
        yield Row(f"strings of 1 to 6 digits, {spacing}: exactly right", STRINGS, exact, least, aim)


def pages(reader: Reader, data: Path) -> Iterator[Row]:
    """Photographed pages of unseen digits."""
    made = trials.pages(data, PAGES, SEED)
    scores = [score(reader.read(picture).text, text) for picture, text in made]
    rows = sum(each.of_rows for each in scores)
    yield Row("photographed pages: rows right", rows, _rows(scores), 0.92, 0.97)
    digits = sum(each.of_characters for each in scores)
    errors = _errors(scores)
    yield Row("photographed pages: character error rate", digits, errors, 0.02, 0.007, most=True)


def sent(reader: Reader, data: Path) -> Iterator[Row]:
    """The numbers that people sent, and those of their pictures that hold one digit."""
    plain: list[Score] = []
    right = operators = of_operators = 0
    with pictures.there(data / "numbers/labels.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            text = _text(reader, data / "numbers" / row["file"])
            if row["has_operators"] == "yes":
                of_operators += 1
                wanted = "".join(c for c in row["label"] if c.isdigit())
                operators += text.replace(" ", "").replace("\n", "") == wanted
            else:
                plain.append(score(text, row["label"].replace("/", "\n")))
                right += plain[-1].exact
    yield Row("numbers that people sent: exactly right", len(plain), right, 27, 33)
    rows = sum(each.of_rows for each in plain)
    yield Row("- rows right", rows, _rows(plain), 0.85, 0.95)
    digits = sum(each.of_characters for each in plain)
    yield Row("- character error rate", digits, _errors(plain), 0.04, 0.015, most=True)
    share = operators / of_operators
    yield Row("- with operators: digits right, operators none", of_operators, share, 0.6, 0.85)
    own = pictures.own_digits(data)
    hits = [
        _text(reader, Path(str(picture))) == str(label)
        for picture, label in zip(own.pictures, own.labels, strict=True)
    ]
    yield Row("own_digits read as exactly that digit", len(hits), float(np.mean(hits)), 0.97, 0.99)


def empty(reader: Reader, data: Path) -> Iterator[Row]:
    """Pictures without a digit."""
    blanks = list(single.empty_pictures(SEED))
    step = len(blanks) // (EMPTY - 200)
    shown = [*blanks[::step][: EMPTY - 200], *trials.letters(data, 200, SEED)]
    numbers = [reader.read(picture) for picture in shown]
    sure = sum(bool(number.text) and number.confidence >= SURE for number in numbers)
    yield Row(
        f"blanks, textures, letters: a number at {SURE:.0%} and more",
        len(shown),
        sure,
        5,
        0,
        most=True,
    )
    taken = sum(number.reason is None for number in numbers)
    yield Row("- accepted", len(shown), taken, most=True)


PARTS: dict[str, Part] = {"strings": strings, "pages": pages, "sent": sent, "empty": empty}


def photo() -> np.ndarray:
    """A photo of 1000 x 1000 pixels with 20 digits on shaded paper."""
    from digits_train.drawings import STYLES, drawing  # noqa: PLC0415

    sheet = np.full((1_000, 1_000), 225, np.uint8)
    for place in range(20):
        x, y = 40 + 190 * (place % 5), 60 + 230 * (place // 5)
        digit = drawing(place % 10, place % STYLES, side=140, pen=8, ink=50, paper=225, fill=0.75)
        sheet[y : y + 140, x : x + 140] = digit
    light = np.linspace(0.7, 1.0, 1_000)
    noise = np.random.default_rng(0).normal(0, 3, sheet.shape)
    return np.clip(sheet * light + noise, 0, 255).astype(np.uint8)


def speed(reader: Reader) -> str:
    """How long a photo takes on one core, decoding included."""
    file = cv2.imencode(".jpg", photo(), [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
    taken = []
    for _ in range(CALLS):
        started = time.perf_counter()
        number = reader.read(file)
        taken.append(1000 * (time.perf_counter() - started))
    return (
        f"A JPEG photo of 1000 x 1000 pixels with 20 digits, {len(number.digits)} of them found, "
        f"on one core: {np.median(taken):.0f} ms (at most {LIMIT_MS:.0f}, aim {AIM_MS:.0f})."
    )


def main() -> None:
    """Measure the chosen parts and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("DIGITS_DATA_DIR"))
    parser.add_argument("--models-dir", type=Path, default=MODELS_DIR)
    parts = [*PARTS, "speed"]
    parser.add_argument(
        "--only", nargs="+", choices=parts, default=parts, metavar="PART", help=", ".join(parts)
    )
    chosen = parser.parse_args()
    if chosen.data_dir is None:
        parser.error("name the folder of the data with --data-dir or DIGITS_DATA_DIR")
    cv2.setNumThreads(1)
    reader = Reader.load(chosen.models_dir)
    manifest = reader.manifest
    print(f"{machine()}; reader {reader.version} (SHA-256 {manifest.digest[:12]})\n")
    data = Path(chosen.data_dir)
    rows = [row for part, ask in PARTS.items() if part in chosen.only for row in ask(reader, data)]
    if rows:
        print(markdown(HEAD, RULES, [row.cells() for row in rows]))
        print(f"\n{summary(rows)}\n")
    if "speed" in chosen.only:
        print(speed(reader))


def _text(reader: Reader, path: Path) -> str:
    """What is read in a file; one that cannot be decoded counts as nothing read."""
    try:
        number = reader.read(path)
    except ImageError:
        return ""
    return "" if number.reason is Rejection.BLANK else number.text


def _rows(scores: list[Score]) -> float:
    return sum(each.rows for each in scores) / sum(each.of_rows for each in scores)


def _errors(scores: list[Score]) -> float:
    return sum(each.edits for each in scores) / sum(each.of_characters for each in scores)


if __name__ == "__main__":
    main()
