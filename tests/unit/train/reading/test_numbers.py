"""The report's chapter on numbers."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from digits_core import Reader
from digits_core.bundle import MODELS_DIR
from digits_train.data import Data
from digits_train.report import numbers as chapter
from digits_train.report.cards import reader_card
from digits_train.report.page import Table

from tests.readers import write_reader


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    """The published CNN alone."""
    shutil.copytree(MODELS_DIR / "cnn", tmp_path / "cnn")
    (tmp_path / "default").write_text("cnn\n")
    return tmp_path


def test_without_a_reader(few: Data) -> None:
    """The chapter says that there is none."""
    assert chapter.numbers(None, few).blocks == ["No reader is published."]


def test_strings_by_kind_and_length(
    models_dir: Path, few: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row a kind, a column a length; a reader of bars reads none of them."""
    monkeypatch.setattr(chapter, "STRINGS", 30)
    write_reader(models_dir)
    labels = np.zeros(len(few.validation), np.uint8)
    data = replace(few, test=few.validation, test_labels=labels)
    reader = Reader.load(models_dir)
    made = chapter.numbers(reader, data)
    _, table = made.blocks
    card = reader_card(reader, made)

    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["separated", "touching", "overlapping"]
    assert all(row[1] == "0.0 %" for row in table.rows)
    assert len(table.head) == len(table.rows[0]) == 9
    assert "reader 1" in table.caption
    for said in ("Model card: reader 1", reader.manifest.digest, "CC BY", "| overlapping |"):
        assert said in card
