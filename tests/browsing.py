"""A real Chromium that looks at the playground, for tests and for the picture in the README."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from conftest import missing

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LOUD = 0.01
"""Root mean square above which somebody hears something; full scale is 1."""
NOISE = """
addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective}`));
"""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window. Its audio clock runs without a sound card."""
    if not CHROMIUM.exists():
        missing("chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def shown_ms(duration_ms: float) -> str:
    """How the page writes a duration: a half is rounded up, as ``Math.round`` does and Python's ``round`` does not."""
    return f"{math.floor(duration_ms + 0.5)} ms"


class Visitor:
    """One tab on the playground. ``complaints`` are the console's errors and warnings, and policy violations."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def go(self, url: str) -> None:
        self.page.goto(url)
        self.until("document.querySelector('.presence.here') !== null")

    @property
    def figures(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate("vivavoce.figures")
        return found

    def until(self, what: str, timeout_s: float = 20) -> Any:
        """Waits until the expression holds, and gives its value. Not in the page: its policy forbids eval."""
        deadline = time.monotonic() + timeout_s
        while not (value := self.page.evaluate(what)):
            if time.monotonic() > deadline:
                raise AssertionError(f"never: {what}; {self._state()}")
            time.sleep(0.01)
        return value

    def _state(self) -> Any:
        with contextlib.suppress(Error):
            return (self.figures, self.page.inner_text("#notice"), self.complaints)
        return self.complaints

    def write(self, text: str) -> None:
        self.page.fill("#text", text)

    def choose_voice(self, query: str) -> None:
        self.page.click("#voice")
        self.page.fill("#voice", query)
        self.page.keyboard.press("Enter")

    def code(self, tab: str) -> str:
        """What the page shows under this tab: how to make the same speech without it."""
        self.page.click(f"#code-{tab}")
        return self.page.inner_text("#code")

    def speak(self) -> None:
        self.page.click("#speak")

    def heard(self, samples: int = 1) -> dict[str, Any]:
        """Waits until so many samples have left the loudspeaker."""
        self.until(f"vivavoce.figures.samplesConsumed >= {samples}")
        return self.figures

    def silent(self) -> dict[str, Any]:
        """Waits until the utterance is over."""
        self.until("vivavoce.figures.state === 'idle'", 40)
        return self.figures


@contextlib.contextmanager
def visiting(browser: Browser, url: str | None = None, **options: Any) -> Iterator[Visitor]:
    """A fresh tab with a session of its own, on ``url`` if one is given."""
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
    context.set_default_timeout(15_000)
    context.add_init_script(NOISE)
    try:
        visitor = Visitor(context.new_page())
        if url is not None:
            visitor.go(url)
        yield visitor
    finally:
        context.close()
