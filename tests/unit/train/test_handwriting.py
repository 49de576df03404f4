"""Strokes become ink."""

from collections import Counter

import cv2
import numpy as np
import pytest
from digits_train import drawings, shapes
from digits_train.handwriting import PENS, choose, reink, reshape, vary, write
from digits_train.pens import draw
from digits_train.surfaces import SURFACES, Surface
from digits_train.texture import Texture

SIZE = 160
BAR = [np.array([[0, 0], [0, 100]], np.float32)]


@pytest.mark.parametrize("name", PENS)
def test_a_pen_is_as_wide_as_it_says(name: str, texture: Texture) -> None:
    """A bar's ink is as wide as the pen's range, give or take its pressure and a pixel."""
    rng = np.random.default_rng(1)
    pen = PENS[name]
    line = [np.stack([np.zeros(40), np.linspace(-0.5, 0.5, 40)], axis=1).astype(np.float32)]

    for _ in range(10):
        mask = write(line, SIZE, pen, texture, rng)
        width = np.median((mask[SIZE // 4 : 3 * SIZE // 4] > 40).sum(axis=1))
        low, high = (share * SIZE for share in pen.width)
        assert low * (1 - pen.pressure) - 2 <= width <= high * (1 + pen.pressure) + 4
        assert max(mask.shape) == pytest.approx(SIZE, rel=0.3)


def test_pens_are_taken_by_their_shares() -> None:
    """The shares are of a whole, and each pen is taken as often as its own says."""
    rng = np.random.default_rng(2)
    taken = Counter(choose(rng) for _ in range(3_000))

    assert sum(pen.share for pen in PENS.values()) == pytest.approx(1)
    for pen in PENS.values():
        assert taken[pen] / 3_000 == pytest.approx(pen.share, abs=0.03)


def test_another_hand_writes_the_same_digit() -> None:
    """Varied strokes are 1 long and the more alike the less they are varied."""
    known = drawings.strokes(5)
    still = vary(known, np.random.default_rng(3), 0)
    little, much = (vary(known, np.random.default_rng(3), strength) for strength in (0.3, 1.2))

    def apart(strokes: list[np.ndarray]) -> float:
        return float(np.abs(np.concatenate(strokes) - np.concatenate(still)).mean())

    assert [len(stroke) for stroke in much] == [len(stroke) for stroke in known]
    for strokes in (still, little, much):
        assert np.ptp(np.concatenate(strokes), axis=0).max() == pytest.approx(1, abs=1e-4)
    assert 0 < apart(little) < apart(much) < 0.25


def test_other_proportions_keep_the_box_and_the_order() -> None:
    """Parts get longer or shorter; none changes places with another, and the whole stays."""
    known = drawings.strokes(9)
    before = np.concatenate(known)
    rng = np.random.default_rng(3)
    halves = []
    for _ in range(100):
        after = np.concatenate(reshape(known, rng))
        assert after.shape == before.shape
        for axis in (0, 1):
            assert after[:, axis].min() == pytest.approx(before[:, axis].min(), abs=1e-3)
            assert after[:, axis].max() == pytest.approx(before[:, axis].max(), abs=1e-3)
            order = before[:, axis].argsort(kind="stable")
            assert (np.diff(after[order, axis]) >= -1e-3).all()
        halves.append(np.median((after[:, 1] - after[:, 1].min()) / np.ptp(after[:, 1])))

    middle = np.median((before[:, 1] - before[:, 1].min()) / np.ptp(before[:, 1]))
    assert min(halves) < middle - 0.1
    assert max(halves) > middle + 0.1


def test_a_dot_is_written(texture: Texture) -> None:
    """A stroke of one point leaves ink with every pen that is wider than a pixel."""
    rng = np.random.default_rng(4)
    dot = [np.zeros((1, 2), np.float32)]
    pens = [pen for pen in PENS.values() if pen.width[0]]

    assert len(pens) > 5
    assert all(write(dot, SIZE, pen, texture, rng).max() > 60 for pen in pens)


@pytest.mark.parametrize("size", [24, 60, 200])
def test_scanned_digits_are_written_anew(size: int, texture: Texture) -> None:
    """About as long as asked for, thinner and bolder, with edges of a pixel or two."""
    rng = np.random.default_rng(5)
    scanned = draw(drawings.strokes(3), 2.7)
    masks = [reink(scanned, size, texture, rng) for _ in range(20)]

    ink = []
    for mask in masks:
        _, _, width, height = cv2.boundingRect((mask > 60).astype(np.uint8))
        assert max(width, height) == pytest.approx(size, rel=0.3)
        assert mask.max() > 100
        ink.append(float(mask.mean()) / 255)
    assert max(ink) > 1.4 * min(ink)
    assert len({mask.tobytes() for mask in masks}) == len(masks)


def test_shapes_are_all_ten_digits_and_signs() -> None:
    """Every notation is drawn within its box; all digits have one, and no two are the same."""
    pictures = [draw(drawings.parse(shape), 2.7) for _, shape in shapes.DIGITS]
    pictures += [draw(drawings.parse(shape), 2.7) for shape in shapes.SIGNS]
    points = np.concatenate(
        [
            stroke
            for shape in [*(shape for _, shape in shapes.DIGITS), *shapes.SIGNS]
            for stroke in drawings.parse(shape)
        ]
    )

    assert {digit for digit, _ in shapes.DIGITS} == set(range(10))
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    assert points.min() > -15
    assert points.max(axis=0) == pytest.approx([110, 145], abs=15)


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.__name__)
def test_surfaces(surface: Surface, texture: Texture) -> None:
    """Pictures that differ, of 24 to 320 pixels a side and no strips; seeded."""
    first, second = (
        [surface(texture, rng) for _ in range(15)]
        for rng in (np.random.default_rng(6), np.random.default_rng(6))
    )

    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    assert len({picture.tobytes() for picture in first}) == 15
    for picture in first:
        assert (picture.dtype, picture.ndim) == (np.uint8, 2)
        assert min(picture.shape) >= 23
        assert max(picture.shape) <= 320
        assert max(picture.shape) <= 2 * min(picture.shape) + 1
