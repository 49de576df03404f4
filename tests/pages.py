"""What tests do on the page: draw, look, and answer in the gateway's place."""

import base64
import json
import shutil
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE = {
    "viewport": {"width": 375, "height": 667},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
SEVEN = [[(0.3, 0.22), (0.45, 0.22), (0.7, 0.22), (0.6, 0.45), (0.5, 0.65), (0.43, 0.82)]]
ONE = [[(0.5, 0.2), (0.5, 0.5), (0.5, 0.8)]]

Point = tuple[float, float]
Strokes = Sequence[Sequence[Point]]


def on_sheet(page: Page, point: Point) -> Point:
    """A point of the sheet, given as parts of its side, in the window's pixels."""
    box = page.locator("#sheet").bounding_box()
    assert box is not None
    return box["x"] + point[0] * box["width"], box["y"] + point[1] * box["height"]


def draw(page: Page, strokes: Strokes, *, lift: bool = True) -> None:
    """Draw with the mouse; without `lift` the button stays down."""
    for stroke in strokes:
        page.mouse.move(*on_sheet(page, stroke[0]))
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*on_sheet(page, point), steps=4)
        if lift:
            page.mouse.up()


def touch(page: Page, strokes: Strokes) -> None:
    """Draw with a finger."""
    session = page.context.new_cdp_session(page)
    for stroke in strokes:
        for place, point in enumerate(stroke):
            x, y = on_sheet(page, point)
            kind = "touchMove" if place else "touchStart"
            session.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]}
            )
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def pen(page: Page, strokes: Strokes) -> None:
    """Draw with a pen."""
    session = page.context.new_cdp_session(page)
    for stroke in strokes:
        for place, point in enumerate([*stroke, stroke[-1]]):
            x, y = on_sheet(page, point)
            kinds = {0: "mousePressed", len(stroke): "mouseReleased"}
            session.send(
                "Input.dispatchMouseEvent",
                {
                    "type": kinds.get(place, "mouseMoved"),
                    "x": x,
                    "y": y,
                    "button": "left",
                    "buttons": int(place < len(stroke)),
                    "clickCount": 1,
                    "pointerType": "pen",
                },
            )


def has_ink(page: Page, canvas: str) -> bool:
    """Whether something is drawn on a canvas."""
    return page.evaluate(
        """(canvas) => {
          const { width, height } = canvas;
          const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          return data.some((value, place) => place % 4 === 3 && value > 0);
        }""",
        page.locator(canvas).element_handle(),
    )


def shows(page: Page, digit: str) -> None:
    """Wait until the page shows that digit."""
    expect(page.locator("#digit")).to_have_text(digit, timeout=20_000)


def reply(digit: int | None = 1, **changes: Any) -> str:
    """A reply of `/compare`."""
    answer = {
        "prediction": digit,
        "confidence": 0.9,
        "probabilities": [float(digit == each) for each in range(10)],
        "digit_score": 0.9,
        "accepted": True,
        "reason": None,
        "model": "cnn",
        "model_version": "1",
        "normalized": base64.b64encode(bytes(784)).decode(),
    } | changes
    return json.dumps({"predictions": [answer | {"model": "mlp"}, answer], "agree": True})


def problem(reason: str, detail: str = "Why it failed.") -> str:
    """A problem document; its status is the reply's."""
    return json.dumps({"title": "", "detail": detail, "reason": reason, "field": None})


def character(digit: int | None, box: Sequence[int], **changes: Any) -> dict[str, Any]:
    """A character of a reply of `/read`."""
    sure = {"confidence": 0.99, "accepted": digit is not None, "row": 0, "alternatives": []}
    return {"digit": digit, "box": box} | sure | changes


def number(text: str, *characters: dict[str, Any], **changes: Any) -> str:
    """A reply of `/read`."""
    values = {"text": text, "confidence": 0.95, "reason": None, "digits": characters}
    return json.dumps(values | changes)
