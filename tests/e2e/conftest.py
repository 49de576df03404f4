"""Fixtures of the page's tests: a browser, and visits that nothing may disturb."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.gateways import GatewayProcess
from tests.pages import CHROMIUM

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, gateway: GatewayProcess) -> Iterator[Callable[..., Page]]:
    """Open the page: `visit(**PHONE)`, `visit(url="http://...")`.

    No script may fail, and nothing may be asked of another server.
    """
    faults: list[str] = []
    contexts = []

    def visit(url: str = "", path: str = "/", **options: Any) -> Page:
        url = url or gateway.url
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda entry: _violation(entry.text) and faults.append(entry.text))
        page.on(
            "request", lambda request: _elsewhere(request.url, url) and faults.append(request.url)
        )
        page.goto(url + path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert faults == []


def _violation(text: str) -> bool:
    return "Content Security Policy" in text


def _elsewhere(asked: str, url: str) -> bool:
    return not asked.startswith((url, "blob:", "data:"))
