"""Papers, and what is printed and falls on them."""

import numpy as np
import pytest
from digits_train import paper
from digits_train.texture import Texture

SHAPE = (160, 200)


def test_sheets_are_nearly_of_one_grey(texture: Texture) -> None:
    """About the level asked for, and hardly two alike."""
    rng = np.random.default_rng(1)
    sheets = [paper.sheet(SHAPE, 200, texture, rng) for _ in range(30)]

    assert {sheet.shape for sheet in sheets} == {SHAPE}
    assert {sheet.dtype for sheet in sheets} == {np.dtype(np.float32)}
    assert all(abs(np.median(sheet) - 200) < 6 for sheet in sheets)
    assert len({sheet.tobytes() for sheet in sheets}) > 20


def test_rules_are_thin_lines() -> None:
    """Lines, squares or dots cover a smaller part of the paper and leave the rest as it was."""
    rng = np.random.default_rng(2)

    for _ in range(20):
        sheet = np.full(SHAPE, 200, np.float32)
        paper.rule(sheet, 70, rng)
        lines = np.abs(sheet - 200) > 1
        assert 0 < lines.mean() < 0.5
        assert np.abs(sheet - 200).max() <= 70


def test_a_box_leaves_its_content() -> None:
    """The field's frame goes round the ink, not over it."""
    rng = np.random.default_rng(3)

    for _ in range(20):
        sheet = np.full(SHAPE, 200, np.float32)
        paper.box(sheet, (70, 50, 40, 60), rng)
        assert sheet.min() < 180
        assert np.all(sheet[53:107, 73:107] == 200)


def test_the_back_side_is_pale() -> None:
    """Writing shows through by at most 14 levels a sheet's writing, three at most."""
    rng = np.random.default_rng(4)
    other = np.zeros((60, 40), np.uint8)
    other[20:40, 5:35] = 255
    sheet = np.full(SHAPE, 200, np.float32)
    paper.show_through(sheet, [other], rng)

    assert 200 - 3 * 14 <= sheet.min() < 198
    assert np.median(sheet) == 200


def test_light_is_uneven_and_never_out(texture: Texture) -> None:
    """A picture is multiplied by 0.2 to 1.4, by different light each time."""
    rng = np.random.default_rng(5)
    lit = []
    for _ in range(40):
        picture = np.full(SHAPE, 100, np.float32)
        paper.shade(picture, texture, rng)
        lit.append(picture)

    assert min(picture.min() for picture in lit) >= 20
    assert max(picture.max() for picture in lit) <= 140
    assert np.mean([np.ptp(picture) > 10 for picture in lit]) > 0.5
    assert min(picture.min() for picture in lit) < 80


@pytest.mark.parametrize("kind", ["noise", "grain", "blotches", "clouds"])
def test_textures_are_of_unit_strength(kind: str, texture: Texture) -> None:
    """Fields of the shape asked for, of mean 0 and deviation 1, from a random place."""
    rng = np.random.default_rng(6)
    cut = getattr(texture, kind)
    fields = [cut((700, 900), rng) for _ in range(4)]

    assert {field.shape for field in fields} == {(700, 900)}
    assert np.mean([field.mean() for field in fields]) == pytest.approx(0, abs=0.35)
    assert np.mean([field.std() for field in fields]) == pytest.approx(1, abs=0.25)
    assert not np.array_equal(fields[0], fields[1])


def test_textures_are_seeded() -> None:
    """A seed makes the same noise, another seed other noise."""
    fields = [
        Texture(seed).noise((50, 50), np.random.default_rng(7)).tobytes() for seed in (1, 1, 2)
    ]

    assert fields[0] == fields[1] != fields[2]
