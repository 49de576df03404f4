"""Pages: ink at the reader's scale, and the way back to the picture."""

import time

import cv2
import numpy as np
import pytest
from digits_core.image import Page, lay_out
from digits_core.image.page import HEIGHT, STRIDE, Way
from digits_core.image.surroundings import surroundings
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.readers import bars

BAR = 24, 48
THREE = ((40, 30), (90, 30), (200, 34))


def boxes_of(page: Page) -> list[tuple[float, float, float, float]]:
    """Left, top, width and height of the page's pieces, in pixels of the picture, from the left."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.compare(page.pixels, 127, cv2.CMP_GT))
    pieces = sorted(stats[1:, :4].tolist())
    return [
        (page.left + x * page.scale, page.top + y * page.scale, w * page.scale, h * page.scale)
        for x, y, w, h in pieces
    ]


def shadowed(picture: np.ndarray) -> np.ndarray:
    """Half of the picture in a soft shadow."""
    share = np.linspace(1, 0.55, picture.shape[1])
    return (picture * share).astype(np.uint8)


def ruled(picture: np.ndarray, step: int = 30) -> np.ndarray:
    """Thin grey lines across."""
    picture = picture.copy()
    picture[step // 2 :: step] = np.minimum(picture[step // 2 :: step], 150)
    return picture


def framed(picture: np.ndarray) -> np.ndarray:
    """A thin dark frame."""
    picture = picture.copy()
    height, width = picture.shape
    cv2.rectangle(picture, (3, 3), (width - 4, height - 4), 40, 2)
    return picture


def specked(picture: np.ndarray) -> np.ndarray:
    """Dark specks of 3 x 3 pixels."""
    picture = picture.copy()
    for x, y in ((10, 10), (150, 100), (280, 60)):
        picture[y : y + 3, x : x + 3] = 40
    return picture


def large(picture: np.ndarray) -> np.ndarray:
    """Seven times as large, and some more, so that no side is a whole multiple of the copy's."""
    picture = np.kron(picture, np.ones((7, 7), np.uint8))
    return cv2.copyMakeBorder(picture, 0, 3, 0, 5, cv2.BORDER_REPLICATE)


@pytest.mark.parametrize(
    ("change", "times"),
    [
        pytest.param(lambda picture: picture, 1, id="plain"),
        pytest.param(lambda picture: 255 - picture, 1, id="light on dark"),
        pytest.param(shadowed, 1, id="shadow"),
        pytest.param(ruled, 1, id="ruled"),
        pytest.param(framed, 1, id="framed"),
        pytest.param(specked, 1, id="specks"),
        pytest.param(large, 7, id="large"),
    ],
)
def test_ink_comes_to_the_readers_scale(change, times: int) -> None:
    """On any paper, bars become as tall as characters are read, and are found again in place."""
    page = lay_out(change(bars(*THREE)))

    assert page is not None
    found = [box for box in boxes_of(page) if box[3] > BAR[1] * times / 2]
    assert page.scale == pytest.approx(BAR[1] * times / HEIGHT, rel=0.05)
    assert len(found) == len(THREE)
    for box, (x, y) in zip(found, THREE, strict=True):
        wanted = np.array([x, y, *BAR]) * times
        assert box == pytest.approx(wanted, abs=2 * page.scale)


def test_a_page_has_whole_cells_and_black_paper() -> None:
    """Sides are multiples of the stride, ink is white, paper black."""
    page = lay_out(bars(*THREE, shape=(121, 303)))

    assert page is not None
    assert [side % STRIDE for side in page.pixels.shape] == [0, 0]
    assert page.pixels.max() == 255
    assert np.median(page.pixels) == 0
    assert page.mask.shape == page.ink.shape == (121, 303)


@pytest.mark.parametrize("height", [12.0, 24.0, 96.0])
def test_a_known_height_sets_the_scale(height: float) -> None:
    """It counts for more than the pieces of ink."""
    page = lay_out(bars(*THREE), height)

    assert page is not None
    assert page.scale == pytest.approx(height / HEIGHT)


def test_a_height_beyond_the_picture_is_none() -> None:
    """A scale at which nothing is left of the ink is not made."""
    page = lay_out(bars(*THREE), 1e6)

    assert page is not None
    assert page.scale <= 300 / HEIGHT


@pytest.mark.parametrize("size", [20, 30, 60])
def test_small_digits_on_a_large_sheet(size: int) -> None:
    """Digits of 20 pixels on a photo of 4000 x 3000 are looked at closely enough to be read."""
    picture = np.full((3000, 4000), 230, np.uint8)
    for place in range(20):
        at = 300 + place % 5 * 700, 400 + place // 5 * 600
        cv2.putText(picture, str(place % 10), at, 0, size / 22, 30, size // 10, cv2.LINE_AA)

    page = lay_out(picture)

    assert page is not None
    assert page.scale == pytest.approx(size / HEIGHT, rel=0.4)  # a page has 4 megapixels at most
    pieces, *_ = cv2.connectedComponentsWithStats(cv2.compare(page.pixels, 127, cv2.CMP_GT))
    assert pieces - 1 == 20


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.full((40, 40), 255, np.uint8), id="white"),
        pytest.param(np.zeros((40, 40), np.uint8), id="all ink"),
        pytest.param(np.full((4, 4), 9, np.uint8), id="four pixels"),
        pytest.param(framed(np.full((200, 300), 235, np.uint8)), id="an empty form field"),
        pytest.param(ruled(np.full((200, 300), 235, np.uint8)), id="empty ruled paper"),
        pytest.param(specked(np.full((200, 300), 235, np.uint8)), id="specks alone"),
        pytest.param(np.full((7000, 7000), 200, np.uint8), id="large and white"),
        pytest.param(
            np.random.default_rng(0).integers(225, 236, (3000, 4000), np.uint8), id="grain"
        ),
    ],
)
def test_no_ink_no_page(picture: np.ndarray) -> None:
    """Where there is nothing that could be a character, there is no page."""
    assert lay_out(picture) is None


def test_thin_strokes_that_fill_the_picture() -> None:
    """A large character in strokes of a pixel is no frame, though it fills as little of its box."""
    picture = np.zeros((300, 260), np.uint8)
    two = np.array([(30, 70), (130, 25), (220, 80), (40, 270), (240, 265)], np.int32)
    cv2.polylines(picture, [two], False, 255, 1)

    page = lay_out(picture)

    assert page is not None
    assert page.scale == pytest.approx((270 - 25) / HEIGHT, rel=0.03)


@pytest.mark.parametrize("at", [(0, 0), (0, 39), (39, 0), (39, 39), (20, 0)])
def test_a_pixel_of_ink_at_the_border(at: tuple[int, int]) -> None:
    """It is a speck."""
    picture = np.full((40, 40), 235, np.uint8)
    picture[at] = 0

    assert lay_out(picture) is None


def test_ink_at_the_border() -> None:
    """A bar that the picture cuts off keeps its place."""
    page = lay_out(bars((0, 0), (276, 72)))

    assert page is not None
    first, last = boxes_of(page)
    assert first == pytest.approx((0, 0, *BAR), abs=page.scale)
    assert last == pytest.approx((276, 72, *BAR), abs=page.scale)


def noise(height: int, width: int, block: int) -> np.ndarray:
    """Blocks of ink and of paper, each as likely."""
    shape = -(-height // block), -(-width // block)
    coarse = np.random.default_rng(1).integers(0, 2, shape, np.uint8) * 200 + 30
    return np.kron(coarse, np.ones((block, block), np.uint8))[:height, :width].copy()


def salt() -> np.ndarray:
    """Bars of 20 x 40 pixels all over a sheet of 49 megapixels: the ink is small everywhere."""
    picture = np.full((7000, 7000), 235, np.uint8)
    for y in range(10, 6900, 80):
        for x in range(10, 6900, 60):
            picture[y : y + 40, x : x + 20] = 30
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(noise(7000, 7000, 1), id="grain of 49 megapixels"),
        pytest.param(noise(7000, 7000, 8), id="small blocks of 49 megapixels"),
        pytest.param(noise(2500, 20_000, 40), id="blocks of 20,000 pixels"),
        pytest.param(salt(), id="small ink all over 49 megapixels"),
        pytest.param(noise(800, 800, 3), id="dense"),
    ],
)
def test_nasty_pictures_are_laid_out_quickly(picture: np.ndarray) -> None:
    """Neither the copy that is looked at nor the page grows with the picture."""
    started = time.process_time()
    page = lay_out(picture)
    took = time.process_time() - started

    assert took < 4  # about one on two idle cores
    assert page is None or page.pixels.size <= 4_100_000
    assert page is None or page.ink.size <= 16_000_000


WAYS = [Way(), Way(local=True), Way(lesser=True), Way(darkest=True), Way(tall=0.15)]
PICTURES = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    elements=st.sampled_from([0, 40, 200, 235, 255]),
    fill=st.sampled_from([0, 128, 255]),
)


@settings(deadline=None, max_examples=150)
@given(PICTURES, st.one_of(st.none(), st.floats(0.5, 500)), st.sampled_from(WAYS))
def test_any_picture_is_laid_out(picture: np.ndarray, height: float | None, way: Way) -> None:
    """Whatever the picture, there is no page, or one whose corner lies in it."""
    page = lay_out(picture, height, way)

    if page is not None:
        assert 0 <= page.left < picture.shape[1]
        assert 0 <= page.top < picture.shape[0]
        assert page.scale > 0
        assert [side % STRIDE for side in page.pixels.shape] == [0, 0]


def test_the_way_tells_the_height() -> None:
    """Characters a seventh as high as the picture is wide, but no higher than the picture."""
    sheet = np.full((300, 480), 200, np.uint8)
    cv2.rectangle(sheet, (200, 100), (230, 170), 40, 8)

    page, strip = lay_out(sheet, way=Way(tall=0.15)), lay_out(sheet[105:165], way=Way(tall=0.5))

    assert page is not None
    assert page.scale == pytest.approx(0.15 * 480 / HEIGHT)
    assert strip is not None
    assert strip.scale == pytest.approx(60 / HEIGHT)


def on_a_table(level: int) -> np.ndarray:
    """A sheet of twelve small digits that lies on something of that grey, seen whole."""
    sheet = np.full((1000, 800), level, np.uint8)
    sheet[90:920, 80:730] = 215
    for row in range(4):
        for column in range(3):
            y, x = 140 + 200 * row, 130 + 200 * column
            cv2.ellipse(sheet, (x + 30, y + 44), (30, 44), 0, 0, 360, 60, 8)
    return cv2.GaussianBlur(sheet, (0, 0), 1.2)


@pytest.mark.parametrize("level", [40, 110, 250])
def test_a_sheet_on_a_table(level: int) -> None:
    """Looked at locally, the digits have the reader's scale, whatever the sheet lies on."""
    page = lay_out(on_a_table(level), way=Way(local=True))

    assert page is not None
    assert 0.8 * HEIGHT < 96 / page.scale < 1.25 * HEIGHT


def test_surroundings_are_no_ink() -> None:
    """What runs along the borders is taken away, digits stay; without any nothing is."""
    mask = np.zeros((200, 150), np.uint8)
    mask[90:120, 60:80] = 255
    assert surroundings(mask) is None
    mask[:, :12] = mask[-15:] = 255
    beside = surroundings(mask)

    assert beside is not None
    assert beside[:, :12].all()
    assert not beside[85:125, 55:85].any()


def test_a_stroke_along_the_border_is_ink() -> None:
    """A 1 at the edge of a tight crop is as tall as its neighbours, so it is no surroundings."""
    mask = np.zeros((30, 90), np.uint8)
    mask[2:28, :5] = mask[2:28, 40:60] = 255

    assert surroundings(mask) is None
