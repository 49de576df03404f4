"""The page for everyone: axe, which checks what can be checked of WCAG, finds nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.gateways import GatewayProcess, running
from tests.pages import CHROMIUM, ONE, PHONE, SEVEN, draw, problem, reply, shows

AXE = Path(sys.prefix) / "axe/node_modules/axe-core/axe.min.js"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(not AXE.is_file(), reason="axe is not installed: `make .venv-dev/.axe`"),
]


@pytest.fixture(scope="module")
def gateway(server_address, tmp_path_factory) -> Iterator[GatewayProcess]:
    """A gateway before the server with the published models."""
    with running(tmp_path_factory.mktemp("gateway"), server_address) as gateway:
        yield gateway


def nothing(page: Page) -> None:
    """The sheet is empty."""
    expect(page.locator("#headline")).to_have_text("Your turn")


def a_digit(page: Page) -> None:
    """A digit was drawn and read."""
    draw(page, SEVEN)
    shows(page, "7")


def a_number(page: Page) -> None:
    """Two strokes were drawn, and read as a number."""
    draw(page, [[(0.25, 0.3), (0.25, 0.7)], [(0.7, 0.3), (0.7, 0.7)]])
    expect(page.locator(".box")).to_have_count(2)


def a_doubt(page: Page) -> None:
    """What was drawn is no digit."""
    body = reply(4, accepted=False, reason="NOT_A_DIGIT")
    page.route("**/compare*", lambda route: route.fulfill(body=body))
    page.route("**/read", lambda route: route.fulfill(status=501, body=problem("UNIMPLEMENTED")))
    draw(page, ONE)
    expect(page.locator("#headline")).to_have_text("Not a digit")


def no_answer(page: Page) -> None:
    """The network is away."""
    page.route("**/compare*", lambda route: route.abort("connectionrefused"))
    draw(page, ONE)
    expect(page.locator("#headline")).to_have_text("No answer yet")


def violations(page: Page) -> list[str]:
    """What axe finds: its rule, how bad it is, and where."""
    page.evaluate(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(found => found.violations)")
    return [
        f"{each['id']} ({each['impact']}): {node['html']}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("device", [pytest.param({}, id="screen"), pytest.param(PHONE, id="phone")])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", [nothing, a_digit, a_number, a_doubt, no_answer])
def test_axe_finds_nothing(visit, state, scheme, device):
    """In each state of the page, on light and on dark paper, large and small."""
    page = visit(color_scheme=scheme, reduced_motion="reduce", **device)
    state(page)
    # What is awaited is dimmed.
    expect(page.locator("#answer[data-waiting]")).to_have_count(0)

    assert violations(page) == []
