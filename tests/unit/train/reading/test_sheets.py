"""Pages: what is said to stand somewhere does."""

import numpy as np
import pytest
from digits_core.image import lay_out
from digits_train.data import Data
from digits_train.non_digits import Nearness
from digits_train.reading.composition import NOT_A_DIGIT
from digits_train.reading.sheets import Sheets
from digits_train.reading.tiles import places
from digits_train.scene import Studio
from digits_train.sources import Material, Sources
from digits_train.texture import Texture


@pytest.fixture(scope="module")
def sheets(few: Data, texture: Texture) -> Sheets:
    """Pages in our own hand."""
    material = Material(images=few.train, labels=few.train_labels)
    studio = Studio(texture, tilting=False)
    return Sheets(Sources(material, texture), studio, Nearness(few.train))


def test_ink_stands_in_boxes(sheets: Sheets) -> None:
    """Nearly all ink of a page lies in the boxes, and every box holds some; order is by rows."""
    rng = np.random.default_rng(3)
    for _ in range(10):
        written = sheets.written(60.0, rng)
        ink = written.ink > 90
        inside = np.zeros_like(ink)
        for row in written.rows:
            assert [c.left for c in row] == sorted(c.left for c in row)
            for c in row:
                box = np.s_[round(c.top) : round(c.bottom), round(c.left) : round(c.right)]
                assert ink[box].any()
                inside[box] = True

        assert (ink & ~inside).sum() < 0.01 * ink.sum()


def test_seen_from_the_side_too(sheets: Sheets) -> None:
    """Photographed and laid out, most boxes still hold their character's ink."""
    rng = np.random.default_rng(4)
    held = []
    for _ in range(30):
        picture, written = sheets.photographed(rng)
        page = lay_out(picture)
        boxes = places(written, page) if page else None
        if page is None or boxes is None:
            continue
        for _, x, y, wide, high in boxes.tolist():
            rows = slice(max(0, round(y - high / 2)), round(y + high / 2))
            columns = slice(max(0, round(x - wide / 2)), round(x + wide / 2))
            held.append((page.pixels[rows, columns] > 127).mean() > 0.08)

    assert len(held) > 60
    assert np.mean(held) > 0.9


def test_shares(sheets: Sheets) -> None:
    """Pages of letters hold no digit, pages that are not mixed nothing else."""
    rng = np.random.default_rng(5)
    for letters in (1.0, 0.0):
        of_letters = Sheets(sheets.sources, sheets.studio, sheets.near, mixed=0, letters=letters)
        labels = {
            c.label for _ in range(5) for row in of_letters.written(50.0, rng).rows for c in row
        }

        assert labels
        assert (labels == {NOT_A_DIGIT}) == bool(letters)
        assert letters or NOT_A_DIGIT not in labels
