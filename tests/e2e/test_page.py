"""The page in a real browser, before a real gateway and a real server."""

import base64
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.gateways import GatewayProcess, running
from tests.pages import (
    CHROMIUM,
    ONE,
    PHONE,
    SEVEN,
    draw,
    has_ink,
    pen,
    problem,
    reply,
    shows,
    touch,
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def gateway(server_address, tmp_path_factory) -> Iterator[GatewayProcess]:
    """A gateway before the server with the published models."""
    with running(tmp_path_factory.mktemp("gateway"), server_address) as gateway:
        yield gateway


def test_a_digit_drawn_with_the_mouse_is_read(visit):
    """The digit, its confidence, ten bars, the 28 x 28 and both models appear."""
    page = visit()
    draw(page, SEVEN)

    shows(page, "7")
    expect(page.locator("#headline")).to_contain_text("% sure")
    expect(page.locator("#bars > li")).to_have_count(10)
    expect(page.locator("#bars > li[data-top]")).to_contain_text("7")
    expect(page.locator(".tile .name")).to_have_text(["CNN", "MLP"])
    expect(page.locator(".tile .says b")).to_have_text(["7", "7"])
    expect(page.locator("#agreement")).to_have_text("Both agree")
    expect(page.locator("#announcement")).to_contain_text("7.")
    assert has_ink(page, "#seen")


def test_the_answer_comes_while_the_digit_is_drawn(visit):
    """The button is still down."""
    page = visit()
    draw(page, SEVEN, lift=False)

    shows(page, "7")


def test_a_finger_draws_on_a_phone_without_scrolling(visit):
    """At 375 pixels the page is no wider, the answer is in sight, and a stroke scrolls nothing."""
    page = visit(**PHONE)
    touch(page, SEVEN)
    shows(page, "7")

    width = page.evaluate("document.documentElement.scrollWidth")
    bottom = page.locator("#bars").bounding_box()
    assert width == 375
    assert page.evaluate("scrollY") == 0
    assert bottom["y"] + bottom["height"] <= 667


@pytest.mark.parametrize("width", [320, 375, 600, 928, 929, 1280, 2560])
def test_no_width_scrolls_sideways(visit, width):
    """From small phones to wide screens."""
    page = visit(viewport={"width": width, "height": 700})
    draw(page, SEVEN)
    shows(page, "7")

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_pen_draws(visit):
    """As mouse and finger do."""
    page = visit()
    pen(page, SEVEN)

    shows(page, "7")


def test_drawings_are_undone_and_cleared(visit):
    """By button and by key; a cleared drawing comes back."""
    page = visit()
    undo, clear = page.locator("#undo"), page.locator("#clear")
    expect(undo).to_be_disabled()
    draw(page, SEVEN)
    shows(page, "7")

    clear.click()
    expect(page.locator("#headline")).to_have_text("Your turn")
    expect(clear).to_be_disabled()
    undo.click()
    shows(page, "7")
    page.keyboard.press("Control+z")
    expect(page.locator("#headline")).to_have_text("Your turn")
    draw(page, SEVEN)
    shows(page, "7")
    page.keyboard.press("Escape")
    expect(page.locator("#headline")).to_have_text("Your turn")
    page.wait_for_timeout(100)
    assert not has_ink(page, "#sheet")


def test_the_brush_has_sizes(visit):
    """A larger brush leaves more ink."""
    page = visit()
    ink = []
    for size in ("3", "12"):
        page.locator("#brush").fill(size)
        draw(page, ONE)
        page.wait_for_timeout(100)
        ink.append(
            page.evaluate(
                """() => {
                  const sheet = document.getElementById("sheet");
                  const context = sheet.getContext("2d");
                  const { data } = context.getImageData(0, 0, sheet.width, sheet.height);
                  return data.filter((value, place) => place % 4 === 3 && value > 127).length;
                }"""
            )
        )
        page.locator("#clear").click()

    assert ink[1] > 3 * ink[0]


def test_a_picture_is_uploaded_by_keyboard_alone(visit, tmp_path, digit_png):
    """Tab to the button, Enter, choose."""
    picture = tmp_path / "seven.png"
    picture.write_bytes(digit_png)
    page = visit()
    page.on("filechooser", lambda _: None)  # from here on the browser hands choosers over
    with page.expect_file_chooser() as chooser:
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "upload":
                break
        expect(page.locator("#upload")).to_be_focused()
        page.keyboard.press("Enter")
    chooser.value.set_files(picture)

    shows(page, "7")
    expect(page.locator("#picture")).to_be_visible()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted(visit, digit_png, way):
    """Anywhere on the page."""
    page = visit()
    page.evaluate(
        """([way, content]) => {
          const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], "seven.png", { type: "image/png" }));
          const options = { bubbles: true, cancelable: true };
          document.body.dispatchEvent(way === "drop"
            ? new DragEvent("drop", { ...options, dataTransfer: data })
            : new ClipboardEvent("paste", { ...options, clipboardData: data }));
        }""",
        [way, base64.b64encode(digit_png).decode()],
    )

    shows(page, "7")


def test_a_phone_offers_its_camera(visit):
    """The button opens a chooser that takes a photo."""
    page = visit(**PHONE)

    expect(page.locator("#camera")).to_be_visible()
    assert page.locator("#photo").get_attribute("capture") == "environment"
    with page.expect_file_chooser():
        page.locator("#camera").tap()


def test_a_drawing_replaces_a_picture(visit, tmp_path, digit_png):
    """The first stroke takes the picture away."""
    picture = tmp_path / "seven.png"
    picture.write_bytes(digit_png)
    page = visit()
    page.locator("#file").set_input_files(picture)
    shows(page, "7")
    draw(page, ONE)

    shows(page, "1")
    expect(page.locator("#picture")).to_be_hidden()


def test_what_cannot_be_read_is_explained(visit, tmp_path):
    """In the words of the problem document."""
    text = tmp_path / "digit.png"
    text.write_text("seven")
    page = visit()
    page.locator("#file").set_input_files(text)

    expect(page.locator("#headline")).to_have_text("It cannot be read")
    expect(page.locator("#detail")).to_contain_text("PNG, JPEG")
    expect(page.locator("#announcement")).to_contain_text("It cannot be read")


@pytest.mark.parametrize(
    ("reason", "digit", "shown", "headline"),
    [
        pytest.param("BLANK", None, "", "Nothing there", id="blank"),
        pytest.param("NOT_A_DIGIT", 4, "?", "Not a digit", id="not a digit"),
        pytest.param("SEVERAL_DIGITS", 4, "?", "More than one digit", id="several"),
        pytest.param("TOO_FAINT", 4, "4", "Too faint", id="faint"),
        pytest.param("UNSURE", 4, "4", "Not sure", id="unsure"),
        pytest.param("A_NEW_REASON", 4, "4", "Not sure", id="a newer server's"),
    ],
)
def test_each_doubt_has_its_words(visit, reason, digit, shown, headline):
    """An answer that is not accepted says why."""
    page = visit()
    body = reply(digit, accepted=False, reason=reason)
    page.route("**/compare*", lambda route: route.fulfill(body=body))
    page.route("**/read", lambda route: route.fulfill(status=501, body=problem("UNIMPLEMENTED")))
    draw(page, ONE)

    expect(page.locator("#headline")).to_have_text(headline)
    shows(page, shown)


def test_a_model_that_fails_is_shown_in_its_place(visit):
    """The other one still answers."""
    page = visit()
    both = json.loads(reply(3))
    failure = {"reason": "NOT_READY", "detail": "It is starting.", "field": None}
    both |= {"predictions": [{"model": "mlp", "error": failure}, both["predictions"][1]]}
    page.route("**/compare*", lambda route: route.fulfill(body=json.dumps(both)))
    draw(page, ONE)

    shows(page, "3")
    expect(page.locator(".tile .says")).to_have_text(["3 90.0 %", "no answer"])
    expect(page.locator(".tile .about").nth(1)).to_have_text("It is starting.")


def test_a_late_reply_never_replaces_a_newer_one(visit):
    """Replies out of order show the newest question's answer."""
    held: list[Route] = []

    def first_waits(route: Route) -> None:
        if held:
            route.fulfill(body=reply(2))
        else:
            held.append(route)

    page = visit()
    page.route("**/compare*", first_waits)
    draw(page, ONE)
    page.wait_for_timeout(200)
    draw(page, [[(0.3, 0.3), (0.6, 0.3)]])
    shows(page, "2")
    held[0].fulfill(body=reply(1))
    page.wait_for_timeout(300)

    shows(page, "2")


def test_a_reply_to_a_cleared_drawing_is_dropped(visit):
    """An empty sheet has no answer."""
    held: list[Route] = []
    page = visit()
    page.route("**/compare*", lambda route: held.append(route))  # noqa: PLW0108 - playwright counts its arguments
    draw(page, ONE)
    page.wait_for_timeout(200)
    page.keyboard.press("Escape")
    for route in held:
        route.fulfill(body=reply(1))
    page.wait_for_timeout(300)

    assert held
    expect(page.locator("#headline")).to_have_text("Your turn")


def test_while_the_server_is_away_the_drawing_is_kept_and_asked_about_again(
    visit, launch_server, tiny_models, tmp_path
):
    """A message, the ink, and the answer as soon as the server is back."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with running(tmp_path, f"127.0.0.1:{port}") as lonely:
        page = visit(url=lonely.url)
        draw(page, SEVEN)
        expect(page.locator("#headline")).to_have_text("No answer yet", timeout=20_000)
        expect(page.locator("#detail")).to_contain_text("Your picture is kept")
        assert has_ink(page, "#sheet")

        launch_server(DIGITS_GRPC_PORT=port, DIGITS_MODELS_DIR=tiny_models).wait_for("serving")
        expect(page.locator("#seen")).to_be_visible()
        expect(page.locator("#latency")).to_contain_text("ms", timeout=20_000)
        assert has_ink(page, "#sheet")


def test_without_the_gateway_the_drawing_is_kept_too(visit):
    """The network itself may fail."""
    page = visit()
    page.route("**/compare*", lambda route: route.abort("connectionrefused"))
    draw(page, SEVEN)
    expect(page.locator("#headline")).to_have_text("No answer yet")
    page.unroute("**/compare*")

    shows(page, "7")


def test_a_slow_answer_is_marked_as_awaited(visit):
    """What stands there is dimmed until the new answer has come."""
    page = visit()
    draw(page, SEVEN)
    shows(page, "7")
    held: list[Route] = []
    page.route("**/compare*", lambda route: held.append(route))  # noqa: PLW0108 - playwright counts its arguments
    draw(page, [[(0.3, 0.5), (0.6, 0.5)]])

    expect(page.locator("#answer[data-waiting]")).to_have_count(1)
    for route in held:
        route.fulfill(body=reply(1))
    expect(page.locator("#answer[data-waiting]")).to_have_count(0)


def test_the_models_see_the_same_in_every_theme(visit):
    """Light ink on dark paper is sent as dark ink on light paper."""
    seen = []
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme, reduced_motion="reduce")
        draw(page, SEVEN)
        page.locator("#clear").click()
        expect(page.locator("#headline")).to_have_text("Your turn")
        page.locator("#undo").click()  # one question, about the whole drawing
        shows(page, "7")
        seen.append(page.evaluate("document.getElementById('seen').toDataURL()"))

    assert seen[0] == seen[1]


def test_the_documentation_works_offline(visit):
    """Swagger UI shows the routes, from this server alone."""
    page = visit(path="/docs")

    expect(page.locator("#operations-default-predict_predict_post")).to_be_visible()
    expect(page.locator(".opblock")).to_have_count(6)


def test_a_picture_of_the_page_is_worth_looking_at(visit, tmp_path: Path):
    """What is drawn fills the sheet sharply: the canvas has the screen's own pixels."""
    page = visit(device_scale_factor=3)
    side = page.locator("#sheet").bounding_box()["width"]
    deadline = time.monotonic() + 5
    while page.evaluate("sheet.width") != round(3 * side) and time.monotonic() < deadline:
        page.wait_for_timeout(20)

    assert page.evaluate("sheet.width") == pytest.approx(3 * side, abs=3)
