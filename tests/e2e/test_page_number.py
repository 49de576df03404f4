"""Numbers of several digits on the page, in a real browser before a real gateway."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.gateways import GatewayProcess, running
from tests.pages import CHROMIUM, ONE, PHONE, character, draw, number, on_sheet, problem, reply
from tests.readers import bars, png

TWO_BARS = [[(0.3, 0.43), (0.3, 0.57)], [(0.6, 0.43), (0.6, 0.57)]]
DASH = [[(0.3, 0.9), (0.6, 0.9)]]
SHEET = 280
"""Pixels a side of the drawing that is sent."""
MARGIN = 12
"""Pixels of the window between the sheet's edge and an uploaded picture."""

FOUR = character(4, [28, 56, 70, 140])
TWO = character(2, [140, 56, 56, 140], confidence=0.47, accepted=False)
NONE = character(None, [210, 70, 28, 56], confidence=0.8)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def gateway(launch_server, reading_models, tmp_path_factory) -> Iterator[GatewayProcess]:
    """A gateway before a server with a reader that takes every solid bar for a 7."""
    server = launch_server(DIGITS_MODELS_DIR=reading_models)
    server.wait_for("serving")
    with running(tmp_path_factory.mktemp("gateway"), server.address) as gateway:
        yield gateway


@pytest.fixture
def several(visit):
    """Open the page, where every picture shows several digits: `several(read, **PHONE)`.

    `read` is what `/read` answers, a body or a handler of the route; None asks the server.
    """

    def several(read: Any = None, **options: Any) -> Page:
        page = visit(**options)
        body = reply(4, accepted=False, reason="SEVERAL_DIGITS")
        page.route("**/compare*", lambda route: route.fulfill(body=body))
        if callable(read):
            page.route("**/read", read)
        elif read is not None:
            page.route("**/read", lambda route: route.fulfill(body=read))
        return page

    return several


def upright_box(page: Page, place: int) -> list[float]:
    """Where a box is: x, y, width, height as parts of the sheet's side."""
    box = page.locator(".box").nth(place).bounding_box()
    sheet = page.locator("#sheet").bounding_box()
    assert box
    assert sheet
    side = sheet["width"]
    return [
        (box["x"] - sheet["x"]) / side,
        (box["y"] - sheet["y"]) / side,
        box["width"] / side,
        box["height"] / side,
    ]


def turned(picture: np.ndarray) -> bytes:
    """A JPEG file that lies on its side, and says so in its EXIF data."""
    exif = Image.Exif()
    exif[0x0112] = 6  # what is stored has to be turned by 90 degrees to the right
    file = BytesIO()
    Image.fromarray(np.rot90(picture)).save(file, "JPEG", exif=exif, quality=95)
    return file.getvalue()


def test_a_number_is_read_as_it_is_drawn(several):
    """Text, confidence and a box round each stroke, from the server's reader."""
    page = several()
    page.locator("#brush").fill("12")
    draw(page, TWO_BARS)

    expect(page.locator("#digit")).to_have_text("77")
    expect(page.locator("#headline")).to_contain_text("%")
    expect(page.locator("#detail")).to_contain_text("2 digits.")
    expect(page.locator(".box")).to_have_text(["7", "7"])
    for place, stroke in enumerate(TWO_BARS):
        x, y, width, height = upright_box(page, place)
        assert x < stroke[0][0] < x + width
        assert y < 0.5 < y + height


def test_a_number_has_its_words(several):
    """What is shown, what is said aloud, and each character with its confidence."""
    page = several(number("42", FOUR, TWO, NONE, reason="UNSURE", confidence=0.4))
    draw(page, ONE)

    expect(page.locator("#digit")).to_have_text("42")
    expect(page.locator("#headline")).to_have_text("Not sure: 40.0 %")
    expect(page.locator("#detail")).to_have_text(
        "2 digits. ? marks doubt. ✕ marks what is no digit."
    )
    expect(page.locator("#characters li b")).to_have_text(["4", "2?", "✕"])
    expect(page.get_by_role("list", name="The characters of the number")).to_be_visible()
    expect(page.locator("#characters li")).to_contain_text(["99.0 %", "47.0 %", "80.0 %"])
    expect(page.locator("#characters .visually-hidden")).to_have_text(
        ["4, ", "2, doubtful, ", "no digit, "]
    )
    expect(page.locator("#announcement")).to_contain_text("Number 42. Not sure: 40.0 %.")
    expect(page.locator("#bars")).to_be_hidden()


def test_rows_are_lines(several):
    """The text is shown as it is written."""
    page = several(number("4\n2 2", FOUR, character(2, [30, 200, 40, 60], row=1)))
    draw(page, ONE)

    expect(page.locator("#detail")).to_have_text("2 digits in 2 rows.")
    assert page.locator("#digit").inner_text() == "4\n2 2"
    expect(page.locator("#announcement")).to_contain_text("Number 4, 2 2. 95.0 % sure.")


def test_boxes_differ_by_more_than_colour(several):
    """By their sign and their line."""
    page = several(number("42", FOUR, TWO, NONE))
    draw(page, ONE)

    expect(page.locator(".box")).to_have_text(["4", "2?", "✕"])
    styles = page.locator(".box").evaluate_all(
        "all => all.map(b => getComputedStyle(b).borderStyle)"
    )
    assert styles == ["solid", "dashed", "dotted"]


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desk", "phone"])
def test_boxes_lie_over_the_drawing(several, device):
    """Where the characters stand, whatever the sheet's size."""
    page = several(number("42", FOUR, TWO), **device)
    draw(page, ONE)
    expect(page.locator(".box")).to_have_count(2)

    for place, each in enumerate((FOUR, TWO)):
        expected = [length / SHEET for length in each["box"]]
        assert upright_box(page, place) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("file", [png, turned], ids=["upright", "turned by EXIF"])
def test_boxes_lie_over_an_uploaded_picture(several, tmp_path, device, file):
    """On the bars that the server's reader found, as the browser shows them."""
    places = [(40, 30), (120, 30)]
    (tmp_path / "bars").write_bytes(file(bars(*places)))
    page = several(**device)
    page.locator("#file").set_input_files(tmp_path / "bars")
    expect(page.locator(".box")).to_have_count(2)

    side = page.locator("#sheet").bounding_box()["width"]
    scale = (side - 2 * MARGIN) / 300 / side
    for number_, (left, top) in enumerate(places):
        x, y, width, height = upright_box(page, number_)
        assert x + width / 2 == pytest.approx(MARGIN / side + scale * (left + 12), abs=0.03)
        assert y + height / 2 == pytest.approx(0.5 + scale * (top + 24 - 60), abs=0.03)


def test_a_picture_that_the_browser_cannot_show_has_no_boxes(several, tmp_path):
    """The number is read all the same."""
    file = BytesIO()
    Image.fromarray(bars((40, 30), (120, 30))).save(file, "TIFF")
    (tmp_path / "bars.tif").write_bytes(file.getvalue())
    page = several()
    page.locator("#file").set_input_files(tmp_path / "bars.tif")

    expect(page.locator("#digit")).to_have_text("77")
    expect(page.locator("#unshown")).to_be_visible()
    expect(page.locator(".box")).to_have_count(0)


def test_boxes_go_with_the_first_touch_and_the_number_stays_until_the_next(several):
    """Old boxes never lie over new ink."""
    page = several(number("42", FOUR, TWO))
    draw(page, ONE)
    expect(page.locator(".box")).to_have_count(2)

    draw(page, DASH, lift=False)
    expect(page.locator("#headline")).to_have_text("More than one digit")
    expect(page.locator(".box")).to_have_count(0)
    expect(page.locator("#digit")).to_have_text("42")
    page.mouse.up()
    expect(page.locator(".box")).to_have_count(2)
    expect(page.locator("#headline")).to_have_text("95.0 % sure")


@pytest.mark.parametrize("way", ["key", "button"])
def test_a_cleared_number_leaves_nothing(several, way):
    """Neither text nor boxes."""
    page = several(number("42", FOUR, TWO))
    draw(page, ONE)
    expect(page.locator(".box")).to_have_count(2)

    page.keyboard.press("Escape") if way == "key" else page.locator("#clear").click()

    expect(page.locator("#headline")).to_have_text("Your turn")
    expect(page.locator(".box")).to_have_count(0)
    expect(page.locator("#characters")).to_be_hidden()
    expect(page.locator("#bars")).to_be_visible()


def test_one_digit_after_a_number_is_shown_as_before(several):
    """Digit, bars and what the models see."""
    page = several(number("42", FOUR, TWO))
    draw(page, ONE)
    expect(page.locator("#digit")).to_have_text("42")

    page.unroute("**/compare*")
    page.route("**/compare*", lambda route: route.fulfill(body=reply(3)))
    draw(page, DASH)

    expect(page.locator("#digit")).to_have_text("3")
    expect(page.locator("#bars")).to_be_visible()
    expect(page.locator("#seen")).to_be_visible()
    expect(page.locator(".box")).to_have_count(0)


def test_a_late_number_never_replaces_a_newer_one(several):
    """The reading of an older drawing is dropped."""
    held: list[Route] = []

    def first_waits(route: Route) -> None:
        if held:
            route.fulfill(body=number("42", FOUR, TWO))
        else:
            held.append(route)

    page = several(first_waits)
    with page.expect_request("**/read"):
        draw(page, ONE)
    expect(page.locator("#detail")).to_have_text("Reading the number …")
    page.wait_for_timeout(100)
    draw(page, DASH)
    expect(page.locator("#digit")).to_have_text("42")
    held[0].fulfill(body=number("4", FOUR))
    page.wait_for_timeout(300)

    expect(page.locator("#digit")).to_have_text("42")
    expect(page.locator(".box")).to_have_count(2)


def test_a_number_of_a_cleared_drawing_is_dropped(several):
    """An empty sheet has no number."""
    held: list[Route] = []
    page = several(lambda route: held.append(route))  # noqa: PLW0108 - playwright counts its arguments
    with page.expect_request("**/read"):
        draw(page, ONE)
    expect(page.locator("#detail")).to_have_text("Reading the number …")
    page.wait_for_timeout(100)
    page.keyboard.press("Escape")
    for route in held:
        route.fulfill(body=number("4", FOUR))
    page.wait_for_timeout(300)

    assert held
    expect(page.locator("#headline")).to_have_text("Your turn")
    expect(page.locator(".box")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "reason", "detail"),
    [
        pytest.param(501, "UNIMPLEMENTED", "One at a time, please.", id="no reader"),
        pytest.param(422, "TOO_MANY_CHARACTERS", "Why it failed.", id="too many"),
    ],
)
def test_a_number_that_cannot_be_read_is_explained(several, status, reason, detail):
    """It is still more than one digit."""
    page = several(lambda route: route.fulfill(status=status, body=problem(reason)))
    draw(page, ONE)

    expect(page.locator("#detail")).to_have_text(detail)
    expect(page.locator("#headline")).to_have_text("More than one digit")
    expect(page.locator("#digit")).to_have_text("?")


def test_things_without_digits_are_no_number(several):
    """Their boxes say what was looked at."""
    page = several(number("", NONE, NONE, confidence=0.0, reason="NOT_A_DIGIT"))
    draw(page, ONE)

    expect(page.locator("#headline")).to_have_text("No digits")
    expect(page.locator("#digit")).to_have_text("?")
    expect(page.locator(".box")).to_have_text(["✕", "✕"])


def test_while_the_reader_is_away_the_number_is_asked_for_again(several):
    """It comes as soon as the server is back."""
    page = several(lambda route: route.fulfill(status=503, body=problem("NOT_READY")))
    draw(page, ONE)
    expect(page.locator("#detail")).to_contain_text("trying again")
    page.unroute("**/read")
    page.route("**/read", lambda route: route.fulfill(body=number("42", FOUR, TWO)))

    expect(page.locator("#digit")).to_have_text("42")


@pytest.mark.parametrize("width", [320, 375, 600, 928, 929, 1280])
def test_no_number_scrolls_the_page_sideways(several, width):
    """A long one is broken, and its characters scroll by themselves, with the keys too."""
    digits = [character(i % 10, [2 * i, 20, 2, 8]) for i in range(120)]
    page = several(number("0123456789" * 12, *digits), viewport={"width": width, "height": 700})
    draw(page, ONE)
    expect(page.locator("#characters li")).to_have_count(120)

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("#characters").evaluate("list => list.tabIndex") == 0


def test_ink_can_be_added_under_the_boxes(several):
    """They take no touch."""
    page = several(number("42", FOUR, TWO))
    draw(page, ONE)
    expect(page.locator(".box")).to_have_count(2)
    x, y = on_sheet(page, (0.2, 0.4))

    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).id", [x, y]) == "sheet"


@pytest.mark.parametrize("reason", ["NOT_A_DIGIT", "UNSURE"])
def test_digits_that_touch_are_read(visit, reason):
    """What single-digit models make nothing of is a number, if the reader is sure of several."""
    page = visit()
    unknown = reply(4, accepted=False, reason=reason)
    page.route("**/compare*", lambda route: route.fulfill(body=unknown))
    page.route("**/read", lambda route: route.fulfill(body=number("44", FOUR, FOUR)))
    draw(page, ONE)

    expect(page.locator("#digit")).to_have_text("44")
    expect(page.locator(".box")).to_have_text(["4", "4"])


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(number("4", FOUR), id="one digit"),
        pytest.param(number("42", FOUR, TWO, reason="UNSURE"), id="not sure"),
        pytest.param(problem("NOT_READY"), id="no reader"),
    ],
)
def test_what_is_no_digit_stays_none(visit, read):
    """Unless the reader is sure of a number, the models' own answer stands."""
    page = visit()
    unknown = reply(4, accepted=False, reason="NOT_A_DIGIT")
    page.route("**/compare*", lambda route: route.fulfill(body=unknown))
    status = 200 if "digits" in read else 503
    with page.expect_response("**/read"):
        page.route("**/read", lambda route: route.fulfill(status=status, body=read))
        draw(page, ONE)
    page.wait_for_timeout(300)

    expect(page.locator("#headline")).to_have_text("Not a digit")
    expect(page.locator(".box")).to_have_count(0)
