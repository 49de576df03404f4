"""A folder of pictures with its labels.csv: what each picture shows."""

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from digits_client import folder
from digits_client.folder import visible

FILE_COLUMNS = ("file", "path", "filename")
LABEL_COLUMN = "label"

_DIGIT = re.compile(r"([0-9])(\.0*)?")  # tables that had a gap in the column write 7 as 7.0


class LabelsError(ValueError):
    """The table of labels cannot be used: the text names the column or row, and the cure."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A labelled picture.

    `file` is its name in the table and `path` where it lies. `digit` is what the
    `label` says: 0 to 9, None when the picture is not one digit. `columns` holds
    the row, by column.
    """

    file: str
    path: str
    label: str
    digit: int | None
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Labelled:
    """The pictures of a folder that have a label, in the table's order, and those without."""

    samples: tuple[Sample, ...]
    columns: tuple[str, ...]
    unlabelled: tuple[str, ...]


def read(root: str, table: str) -> Labelled:
    """Read the labels of a folder's pictures.

    The table is UTF-8, its fields divided by commas, semicolons or tabs. One
    column, `file`, `path` or `filename`, names the pictures from the folder, and
    `label` says what they show: 0 to 9, or anything else, such as `none` or
    nothing at all, for what is not one digit. Other columns are groups.

    Raises `LabelsError`. A named file need not exist: it fails where it is read.
    """
    header, rows = _table(table)
    columns = tuple(name.strip() for name in header)
    if doubled := sorted({name for name in columns if columns.count(name) > 1}):
        raise LabelsError(
            f"{table}: the column {doubled[0]!r} stands there more than once: rename one of them"
        )
    file_column = _only(table, columns, FILE_COLUMNS)
    label_column = _only(table, columns, (LABEL_COLUMN,))

    samples: dict[str, Sample] = {}
    first_seen: dict[str, int] = {}
    for line, row in rows:
        if len(row) != len(columns):
            raise LabelsError(
                f"{table}, line {line}: {len(row)} fields, but the header has {len(columns)}: "
                "put a field that holds the separator into double quotes"
            )
        cells = {name: cell.strip() for name, cell in zip(columns, row, strict=True)}
        file = cells[file_column]
        if not file:
            raise LabelsError(f"{table}, line {line}: {file_column!r} is empty: name a picture")
        path = os.path.normpath(os.path.join(root, file))  # noqa: PTH118 - as folder.files writes it
        if path in samples:
            raise LabelsError(
                f"{table}, line {line}: {visible(file)} has a label already in line "
                f"{first_seen[path]}: a picture has one label, remove a line"
            )
        label = cells[label_column]
        digit = _DIGIT.fullmatch(label)
        samples[path] = Sample(file, path, label, int(digit[1]) if digit else None, cells)
        first_seen[path] = line
    _check_places(root, table, samples.values())
    present = map(os.path.normpath, folder.files([root]))
    unlabelled = tuple(path for path in present if path not in samples)
    return Labelled(tuple(samples.values()), columns, unlabelled)


def _table(table: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header, and each row that is not empty with the number of its last line."""
    try:
        text = Path(table).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabelsError(f"{table} is not UTF-8 text: save it as CSV in UTF-8") from error
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        cure = ""
        if isinstance(error, FileNotFoundError):
            cure = ": write one with the columns `file` and `label`, or name another with --labels"
        raise LabelsError(f"{table} cannot be read: {cause}{cure}") from error
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = next(reader, [])
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise LabelsError(
            f"{table}, line {reader.line_num}: {error}: a field has at most "
            f"{csv.field_size_limit():,} characters, and a quote inside quotes is doubled"
        ) from error
    if not rows:
        raise LabelsError(f"{table} names no picture: it needs a header and a line for each")
    return header, rows


def _only(table: str, columns: Iterable[str], names: tuple[str, ...]) -> str:
    """Return the one column that has one of the names, in any case."""
    found = [column for column in columns if column.casefold() in names]
    wanted = " or ".join(repr(name) for name in names)
    match found:
        case [column]:
            return column
        case []:
            there = ", ".join(repr(column) for column in columns)
            raise LabelsError(f"{table} has no column {wanted}, only {there}: rename one")
    several = " and ".join(repr(column) for column in found)
    raise LabelsError(f"{table} has {several}, where one is needed: rename the others")


def _check_places(root: str, table: str, samples: Iterable[Sample]) -> None:
    """Raise when not one picture is there: the names then start from another folder."""
    samples = list(samples)
    if not any(os.path.lexists(sample.path) for sample in samples):
        raise LabelsError(
            f"none of the {len(samples):,} files of {table} lies in {root}, not even "
            f"{visible(samples[0].path)}: give the folder from which the table names its files"
        )
