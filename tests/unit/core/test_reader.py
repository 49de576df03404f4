"""The reader: numbers with their boxes, hints, canaries, the second opinion."""

import base64
import io
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from digits_core import (
    BadHint,
    Box,
    Bundle,
    BundleError,
    ImageError,
    Number,
    Reader,
    Recognizer,
    Rejection,
)
from digits_core.bundle import ReadCanary, find
from digits_core.errors import TooManyCharacters
from digits_core.image import Limits, Page, lay_out
from digits_core.reading.alone import alone
from digits_core.reading.detector import Character
from digits_core.reading.readings import NOT_A_DIGIT, Reading, fitted
from digits_train.drawings import drawing
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from tests.readers import bar_reader, bars, png, reader_manifest, write_reader

ORIENTATION = 0x0112
PAIR = ((40, 30), (90, 30))
EXAMPLES = Path(__file__).parents[3] / "clients" / "python" / "examples"
BLANK = ReadCanary(base64.b64encode(png(np.full((60, 90), 255, np.uint8))).decode(), "")


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    """The published default."""
    return Recognizer.load()


@pytest.fixture(scope="module")
def reader(recognizer: Recognizer) -> Reader:
    """The bar reader, loaded."""
    return make(recognizer)


def make(recognizer: Recognizer, **changes: object) -> Reader:
    """The bar reader with changes to its manifest."""
    return Reader(Bundle(reader_manifest(**changes), bar_reader()), recognizer)


def places(number: Number) -> list[tuple[int, int]]:
    """The left upper corners of a number's boxes, in reading order."""
    return [(each.box.x, each.box.y) for each in number.digits]


def is_near(box: Box, x: int, y: int, times: int = 1) -> bool:
    """Whether a box lies where a bar at x, y does, in a picture so many times as large.

    The middles count: the bar reader takes all for 16 x 24 on the page.
    """
    middle = box.x + box.width / 2, box.y + box.height / 2
    return middle == pytest.approx(((x + 12) * times, (y + 24) * times), abs=4 * times)


def test_three_lines(tmp_path: Path, recognizer: Recognizer) -> None:
    """Load and read, from a path as from bytes and from an array."""
    write_reader(tmp_path)
    (tmp_path / "cnn").symlink_to(find("cnn").parent)
    (tmp_path / "default").write_text("cnn\n")
    (tmp_path / "number.png").write_bytes(png(bars(*PAIR)))
    reader = Reader.load(tmp_path)

    number = reader.read(tmp_path / "number.png")

    assert number.text == "77"
    assert number.reason is None
    assert (reader.name, reader.version) == ("reader", "1")
    assert reader.read(png(bars(*PAIR))) == reader.read(bars(*PAIR)) == number


def test_each_digit_has_its_box(reader: Reader) -> None:
    """Boxes lie round the ink, in reading order, with their rows."""
    at = ((40, 30), (90, 34), (200, 130), (60, 130))
    number = reader.read(bars(*at, shape=(220, 300)))

    assert number.text == "77\n77"
    assert [each.row for each in number.digits] == [0, 0, 1, 1]
    for digit, place in zip(number.digits, (at[0], at[1], at[3], at[2]), strict=True):
        assert digit.digit == 7
        assert digit.accepted
        assert is_near(digit.box, *place)


def test_a_wide_gap_is_a_space(reader: Reader) -> None:
    """Two groups of digits are two words."""
    assert reader.read(bars((20, 30), (60, 30), (200, 30), (240, 30))).text == "77 77"


@pytest.mark.parametrize("times", [3, 7, 20])
def test_boxes_of_a_large_picture(reader: Reader, times: int) -> None:
    """The way back leads through a smaller copy, whatever is left over at its border."""
    picture = np.kron(bars(*PAIR), np.ones((times, times), np.uint8))
    picture = cv2.copyMakeBorder(picture, 0, 3, 0, 5, cv2.BORDER_REPLICATE)

    number = reader.read(picture)

    assert number.text == "77"
    for digit, place in zip(number.digits, PAIR, strict=True):
        assert is_near(digit.box, *place, times)


def colours(picture: np.ndarray) -> np.ndarray:
    """The same as RGB."""
    return np.repeat(picture[..., None], 3, axis=2)


def see_through(picture: np.ndarray) -> np.ndarray:
    """Black ink on nothing, as a canvas gives it: RGBA."""
    rgba = np.zeros((*picture.shape, 4), np.uint8)
    rgba[..., 3] = 255 - picture
    return rgba


@pytest.mark.parametrize("change", [colours, see_through])
def test_arrays_with_channels(reader: Reader, change) -> None:
    """RGB and RGBA are read like grey."""
    assert reader.read(change(bars(*PAIR))).text == "77"


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        pytest.param(3, Image.Transpose.ROTATE_180, id="upside down"),
        pytest.param(6, Image.Transpose.ROTATE_90, id="on its side"),
        pytest.param(8, Image.Transpose.ROTATE_270, id="on its other side"),
    ],
)
def test_boxes_are_those_of_the_upright_picture(
    reader: Reader, orientation: int, stored: Image.Transpose
) -> None:
    """A photo's EXIF orientation is undone before anything is measured."""
    at = ((40, 30), (90, 62))
    file = io.BytesIO()
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(bars(*at)).transpose(stored).save(file, "JPEG", quality=95, exif=exif)

    number = reader.read(file.getvalue())

    assert len(number.digits) == 2
    assert all(is_near(d.box, *place) for d, place in zip(number.digits, at, strict=True))


@pytest.mark.parametrize(
    ("picture", "changes", "reason"),
    [
        pytest.param(np.full((60, 90), 255, np.uint8), {}, Rejection.BLANK, id="blank"),
        pytest.param(drawing(0, 0), {}, Rejection.NOT_A_DIGIT, id="nothing that it knows"),
        pytest.param(bars(*PAIR), {"accept": 1.0}, Rejection.UNSURE, id="unsure"),
        pytest.param(bars(*PAIR), {}, None, id="accepted"),
    ],
)
def test_why_a_number_is_not_accepted(
    recognizer: Recognizer, picture: np.ndarray, changes: dict[str, object], reason: Rejection
) -> None:
    """What can be seen is answered, with the reason not to trust it."""
    number = make(recognizer, **changes).read(picture)

    assert number.reason is reason
    assert (number.text != "") == (reason in (None, Rejection.UNSURE))


def test_what_cannot_be_decoded(reader: Reader) -> None:
    """Errors are those of the recogniser."""
    with pytest.raises(ImageError, match="text is not read"):
        reader.read(b"text")
    with pytest.raises(ImageError, match="at most 10 are read"):
        reader.read(bars(*PAIR), Limits(max_pixels=10))


def test_too_many_characters(reader: Reader) -> None:
    """A sheet full of them is refused, whatever the hints."""
    at = [(x, y) for y in range(10, 2400, 70) for x in range(10, 2000, 50)]
    picture = bars(*at, shape=(2500, 2100))

    with pytest.raises(TooManyCharacters, match="more than 1,000 characters"):
        reader.read(picture)
    with pytest.raises(TooManyCharacters):
        reader.read(picture, max_digits=5)


@pytest.mark.parametrize(
    ("least", "most", "field"),
    [
        pytest.param(-1, 0, "min_digits", id="negative"),
        pytest.param(0, -1, "max_digits", id="negative most"),
        pytest.param(1001, 0, "min_digits", id="more than are read"),
        pytest.param(0, 1001, "max_digits", id="at most more than are read"),
        pytest.param(5, 4, "max_digits", id="contradiction"),
    ],
)
def test_bounds_that_no_number_fits(reader: Reader, least: int, most: int, field: str) -> None:
    """They are named, before the picture is looked at."""
    with pytest.raises(BadHint) as caught:
        reader.read(b"", min_digits=least, max_digits=most)
    assert caught.value.field == field


def reading(presence: float, digit: float, x: float = 0) -> Reading:
    """A character that is there for both nets, and a 3 rather than no digit, so probably."""
    scores = np.full(11, 1e-6)
    scores[3], scores[NOT_A_DIGIT] = digit, 1 - digit
    character = Character(x, 0, x + 16, 24, presence, np.zeros(11, np.float32))
    return Reading(character, scores, middle=presence)


SURE, LETTER, FAINT, UNLIKELY, SMUDGE = (
    reading(0.99, 0.99),
    reading(0.99, 0.01),
    reading(0.4, 0.99),
    reading(0.05, 0.9),
    reading(0.6, 0.55),
)
ALL = [SURE, LETTER, SMUDGE, FAINT, UNLIKELY]


@pytest.mark.parametrize(
    ("least", "most", "digits"),
    [
        pytest.param(0, 0, [SURE, SMUDGE], id="no bounds"),
        pytest.param(2, 2, [SURE, SMUDGE], id="bounds that fit"),
        pytest.param(0, 1, [SURE], id="the least likely goes"),
        pytest.param(3, 0, [SURE, SMUDGE, FAINT], id="what is nearly there comes first"),
        pytest.param(4, 5, [SURE, SMUDGE, FAINT, UNLIKELY], id="then what may be"),
        pytest.param(5, 5, [SURE, LETTER, SMUDGE, FAINT, UNLIKELY], id="a letter at last"),
        pytest.param(9, 0, [SURE, LETTER, SMUDGE, FAINT, UNLIKELY], id="more than there is ink"),
    ],
)
def test_the_likeliest_reading_that_fits(least: int, most: int, digits: list[Reading]) -> None:
    """Bounds choose by how near each character is to being a digit."""
    there = [each.character.presence >= 0.5 for each in ALL]
    kept = fitted(ALL, there, least, most)

    wanted = [id(each.character) for each in digits]
    assert [id(each.character) for each in kept if each.is_digit] == wanted
    assert all(each.is_digit or each is LETTER for each in kept)


def test_hints_reach_the_picture(reader: Reader) -> None:
    """A pale bar counts when the number is known to be longer, a dark one goes when shorter."""
    picture = bars((40, 30), (90, 30), (140, 30))
    picture[30:78, 140:164] = 90  # too pale for the bar reader's presence

    assert reader.read(picture).text == "77"
    assert reader.read(picture, min_digits=3).text == "777"
    assert reader.read(picture, max_digits=1).text == "7"


def test_digits_are_not_invented(reader: Reader) -> None:
    """Where there is no ink for as many as asked for, those that stand there are not trusted."""
    picture = bars(*PAIR)

    assert reader.read(picture).reason is None
    assert reader.read(picture, min_digits=2).reason is None
    short = reader.read(picture, min_digits=4)
    assert (short.text, short.reason) == ("77", Rejection.UNSURE)


def test_no_digit_within_a_digit() -> None:
    """The published reader finds no second 8 in a single one, however many are asked for."""
    reader = Reader.load()

    assert reader.read(EXAMPLES / "digit.png", min_digits=4).text == "8"


def test_the_example_reads_as_the_readme_says() -> None:
    """1984, and how sure it is; it may be trusted."""
    number = Reader.load().read(EXAMPLES / "number.png", min_digits=4, max_digits=6)
    said = f'{{"text": "{number.text}", "confidence": {number.confidence:.2f}, "reason": null'

    assert number.reason is None
    assert said in (EXAMPLES.parents[2] / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("canaries", "cause"),
    [
        pytest.param((), "no canary pictures", id="none"),
        pytest.param(
            (ReadCanary(base64.b64encode(png(bars(*PAIR))).decode(), "78"),),
            "reads '77' .* as '78'",
            id="another text",
        ),
        pytest.param((ReadCanary("not base64!", "7"),), "fails on its canary", id="no base64"),
        pytest.param((ReadCanary("dGV4dA==", "7"),), "fails on its canary", id="no picture"),
    ],
)
def test_a_reader_that_fails_its_canaries(
    recognizer: Recognizer, canaries: tuple[ReadCanary, ...], cause: str
) -> None:
    """It never gets to answer anyone."""
    with pytest.raises(BundleError, match=cause):
        make(recognizer, canaries=canaries)


def test_many_threads_read_the_same(reader: Reader) -> None:
    """Sixteen threads that share a reader get what one alone gets."""
    pictures = [bars(*((20 + 45 * i, 30) for i in range(count + 1))) for count in range(6)]
    wanted = [reader.read(picture) for picture in pictures]
    wrong: list[Number] = []

    def work(turn: int) -> None:
        for i in range(6):
            place = (i + turn) % 6
            if (number := reader.read(pictures[place])) != wanted[place]:
                wrong.append(number)

    workers = [threading.Thread(target=work, args=(turn,)) for turn in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert wrong == []


def drawn(*digits: int) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    """Drawings side by side, 60 pixels each, and the boxes of their ink."""
    picture = np.concatenate([drawing(digit, 0, side=60) for digit in digits], axis=1)
    boxes = []
    for place in range(len(digits)):
        part = cv2.compare(picture[:, place * 60 : place * 60 + 60], 128, cv2.CMP_LT)
        x, y, width, height = cv2.boundingRect(part)
        boxes.append((place * 60 + x, y, x + place * 60 + width, y + height))
    return picture, boxes


def on_page(page: Page, box: tuple[int, int, int, int]) -> Character:
    """A character with that box of the picture."""
    left, right = ((x - page.left) / page.scale for x in box[::2])
    top, bottom = ((y - page.top) / page.scale for y in box[1::2])
    return Character(left, top, right, bottom, 1.0, np.zeros(11, np.float32))


@pytest.mark.parametrize("margin", [0, 200])
@pytest.mark.parametrize("times", [1, 20])
def test_what_stands_alone_is_shown_to_the_recogniser(
    recognizer: Recognizer, times: int, margin: int
) -> None:
    """Its ink alone, as if it had been sent alone, also at the picture's border."""
    picture, boxes = drawn(2, 8, 0, 4)
    top, bottom = min(box[1] for box in boxes), max(box[3] for box in boxes)
    picture = picture[top:bottom]
    picture = np.kron(picture, np.ones((times, times), np.uint8))
    picture = cv2.copyMakeBorder(picture, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    if margin:
        picture[: margin + 1] = picture[-margin - 1 :] = np.median(picture)
    page = lay_out(picture)
    assert page is not None

    moved = [tuple(times * v + margin for v in (a, b - top, c, d - top)) for a, b, c, d in boxes]
    seen = alone(page, {i: on_page(page, box) for i, box in enumerate(moved)})

    assert list(seen) == [0, 1, 2, 3]
    assert recognizer.scores(np.stack(list(seen.values()))).argmax(axis=1).tolist() == [2, 8, 0, 4]


def test_what_touches_does_not_stand_alone() -> None:
    """A line through two bars makes them one piece of ink; the third is still alone."""
    picture = bars((40, 30), (90, 30), (200, 30))
    picture[50:54, 50:100] = 30
    page = lay_out(picture)
    assert page is not None

    found = [on_page(page, (x, 30, x + 24, 78)) for x in (40, 90, 200)]

    assert list(alone(page, dict(enumerate(found)))) == [2]


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((-90, -90, -60, -50), id="above and before"),
        pytest.param((900, 900, 940, 950), id="below and behind"),
        pytest.param((-900, 30, -800, 78), id="before"),
        pytest.param((130, 30, 160, 78), id="no ink"),
    ],
)
def test_a_box_without_ink_shows_nothing(box: tuple[int, int, int, int]) -> None:
    """A box off the page is not taken for its other side."""
    page = lay_out(bars(*PAIR))
    assert page is not None

    assert alone(page, {0: on_page(page, box)}) == {}


def test_opinions_count_by_their_weights(recognizer: Recognizer) -> None:
    """With most weight the recogniser says of bars that stand alone that they are no digits."""
    touching = bars(*PAIR)
    touching[50:54, 50:100] = 30
    weights = {"detector": 0.0, "refiner": 1e-3, "recognizer": 1.0}
    asked = make(recognizer, weights=weights, canaries=(BLANK,))

    assert asked.read(bars(*PAIR)).reason is Rejection.NOT_A_DIGIT
    assert [each.digit for each in asked.read(bars(*PAIR)).digits] == [None, None]
    assert asked.read(touching).text == "77"


def test_the_bias_speaks_against_no_digit(recognizer: Recognizer) -> None:
    """What the recogniser takes for no digits is read as some where others are rare."""
    weights = {"detector": 0.0, "refiner": 1e-3, "recognizer": 1.0}
    biased = make(recognizer, weights=weights, other_bias=-30.0, canaries=(BLANK,))

    assert all(each.digit is not None for each in biased.read(bars(*PAIR)).digits)


PICTURES = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(4, 120), st.integers(4, 120)),
    elements=st.sampled_from([0, 40, 200, 235, 255]),
    fill=st.sampled_from([0, 128, 255]),
)
STRIPES = st.tuples(
    st.integers(4, 1200), st.integers(4, 1200), st.integers(1, 60), st.integers(1, 60)
).filter(lambda s: max(s[:2]) <= 50 * min(s[:2]))


def inside(number: Number, picture: np.ndarray) -> bool:
    """Whether all boxes lie within the picture and hold at least a pixel."""
    height, width = picture.shape
    boxes = [each.box for each in number.digits]
    return all(
        0 <= b.x < b.x + b.width <= width and 0 <= b.y < b.y + b.height <= height for b in boxes
    )


@settings(deadline=None, max_examples=60)
@given(picture=PICTURES)
def test_boxes_lie_within_any_picture(any_reader: Reader, picture: np.ndarray) -> None:
    """Whatever is sent is answered, with boxes that can be cut out."""
    assert inside(any_reader.read(picture, min_digits=5), picture)


@settings(deadline=None, max_examples=40)
@given(stripes=STRIPES)
def test_boxes_lie_within_stripes(any_reader: Reader, stripes: tuple[int, int, int, int]) -> None:
    """Bars at every border, in pictures as long as the limits allow."""
    height, width, bar, gap = stripes
    row = np.tile(np.repeat([30, 235], [bar, gap]), width // (bar + gap) + 1)[:width]
    picture = np.tile(row, (height, 1)).astype(np.uint8)

    try:
        number = any_reader.read(picture, min_digits=5)
    except TooManyCharacters:
        return
    assert inside(number, picture)


@pytest.fixture(scope="module")
def any_reader(recognizer: Recognizer) -> Reader:
    """A reader that takes nearly anything for a character, and asks for a second opinion."""
    weights = {"detector": 1.0, "refiner": 0.5, "recognizer": 0.01}
    return make(recognizer, presence=0.0, weights=weights, canaries=(BLANK,))
