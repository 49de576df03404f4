"""Pictures as people send them, with the ink that is on them."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from digits_train.handwriting import Mask
from digits_train.scene import REMEMBERED, SMALL, STYLES, Placed, Studio
from digits_train.texture import Texture

PICTURES = 120


def ring(size: int, rng: np.random.Generator) -> Mask:
    """A bold ring."""
    mask = np.zeros((size, size), np.uint8)
    radius = size // 2 - size // 8 - 1
    cv2.circle(mask, (size // 2, size // 2), radius, 255, max(3, size // 6), cv2.LINE_AA)
    return mask


def bar(size: int, rng: np.random.Generator) -> Mask:
    """Ten times as long as asked for."""
    return np.full((10 * size, size), 255, np.uint8)


def test_pictures_are_grey_and_of_many_sizes(texture: Texture) -> None:
    """uint8, longer sides of 12 to 1,000 pixels, about two fifths of them no longer than 64."""
    studio, rng = Studio(texture), np.random.default_rng(1)
    pictures = [studio.picture(ring, rng)[0] for _ in range(PICTURES)]

    assert {(picture.dtype, picture.ndim) for picture in pictures} == {(np.dtype(np.uint8), 2)}
    longer = np.array([max(picture.shape) for picture in pictures])
    expected = sum(STYLES[style] * SMALL[style] for style in STYLES)
    assert np.mean(longer <= 64) == pytest.approx(expected, abs=0.15)
    assert longer.min() >= 12
    assert longer.max() <= 1000
    assert len(np.unique(longer)) > 40


def test_ink_is_what_was_written(texture: Texture) -> None:
    """The ink alone comes with its picture, large enough to see; a blank sheet has none."""
    studio, rng = Studio(texture), np.random.default_rng(2)
    inks = [studio.picture(ring, rng)[1] for _ in range(20)]

    for ink in inks:
        assert ink is not None
        assert min(ink.shape) >= 20
        assert ink.max() == 255
    assert studio.picture(None, rng)[1] is None


@pytest.mark.parametrize("write", [ring, bar])
def test_ink_lies_on_the_sheet(
    write: Callable[[int, np.random.Generator], Mask], texture: Texture
) -> None:
    """However large it was written, the whole ink lies in its box, and nothing beside it."""
    studio, rng = Studio(texture), np.random.default_rng(3)
    places = set()
    for shape in [(100, 160), (90, 90), (64, 30)] * 8:
        placed = studio._place(write, shape, "photo", rng)
        left, top, width, height = placed.box
        beside = placed.cover.copy()
        beside[top : top + height, left : left + width] = 0

        assert placed.cover.shape == shape
        assert placed.ink.shape == (height, width)
        assert np.array_equal(placed.cover[top : top + height, left : left + width], placed.ink)
        assert not beside.any()
        places.add((left, top))
    assert len(places) > 12


@pytest.mark.parametrize("style", STYLES)
def test_both_polarities(style: str, texture: Texture) -> None:
    """Ink is darker than its ground in most pictures and brighter in others, and it shows."""
    studio, rng = Studio(texture), np.random.default_rng(4)
    cover = np.zeros((120, 120), np.uint8)
    ink = ring(60, rng)
    cover[30:90, 30:90] = ink
    depths = []
    for _ in range(60):
        picture = getattr(studio, style)(Placed(cover, (30, 30, 60, 60), ink, 60), rng)
        # The ring of ink against what it goes round: both in the same light.
        depths.append(float(picture[58:63, 58:63].mean()) - float(picture[cover > 250].mean()))
        assert (picture.dtype, picture.shape) == (np.uint8, cover.shape)

    assert min(depths) < -8
    assert max(depths) > 8
    assert np.mean(np.abs(depths) > 4) > 0.8
    assert np.mean(np.array(depths) > 0) > 0.5


def test_sheets_are_made_in_the_styles_asked_for(texture: Texture) -> None:
    """The ground of a canvas has one grey level, paper has many: as often as their shares say."""
    studio, rng = Studio(texture), np.random.default_rng(8)
    sheet = np.zeros((90, 200), np.uint8)
    sheet[20:80, 20:80] = ring(60, rng)

    def plain(styles: dict[str, float]) -> float:
        made = [studio.sheet(sheet, 60, rng, styles) for _ in range(60)]
        return float(np.mean([np.bincount(each.ravel()).max() > sheet.size / 3 for each in made]))

    canvases, photos = plain({"canvas": 1.0}), plain({"photo": 1.0})
    assert canvases > 0.7
    assert photos < 0.1
    assert plain({"canvas": 0.5, "photo": 0.5}) == pytest.approx(canvases / 2, abs=0.25)


def test_the_same_seed_draws_the_same(texture: Texture) -> None:
    """Begun anew, a studio draws the same pictures from the same generator."""
    studio = Studio(texture)
    first, second = [], []
    for drawn in (first, second):
        rng = np.random.default_rng(5)
        studio.forget()
        drawn += [studio.picture(ring, rng)[0] for _ in range(30)]

    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_few_writings_are_remembered(texture: Texture) -> None:
    """What lies beside later writings is of the last few pictures."""
    studio, rng = Studio(texture), np.random.default_rng(6)
    for _ in range(REMEMBERED + 10):
        studio._place(ring, (40, 40), "scan", rng)

    assert len(studio._others) == REMEMBERED
    studio.forget()
    assert studio._others == []
