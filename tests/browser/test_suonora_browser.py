"""The browser example of Suonora's streaming page, unmodified, in Chromium: it plays, and sound is heard.

The example asks for https://api.suonora.com, so that name leads to a TLS front of our server here, and nothing else is
changed: ``suonora_example.html`` is the page's own text (read 2026-11-21).
"""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from conftest import missing
from live import Live, serving
from tls_front import https

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parent
HOST = "api.suonora.com"
CHROMIUM = "/usr/bin/chromium"
LISTEN = """
() => {
  const player = document.getElementById("player");
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 2048;
  context.createMediaElementSource(player).connect(analyser);
  analyser.connect(context.destination);
  window.heard = { peak: 0, loud: 0, state: () => context.state, ended: false };
  player.addEventListener("ended", () => { window.heard.ended = true; });
  const samples = new Float32Array(analyser.fftSize);
  setInterval(() => {
    context.resume();
    analyser.getFloatTimeDomainData(samples);
    const peak = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    window.heard.peak = Math.max(window.heard.peak, peak);
    if (peak > 0.02) window.heard.loud += 1;
  }, 20);
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("suonora"), engines="espeak,flite") as live:
        yield live


@pytest.fixture(scope="module")
def customer() -> Iterator[str]:
    """A web server of somebody's own, with the example on it: another origin than ours."""
    handler = functools.partial(_Quiet, directory=str(FOLDER))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as pages:
        thread = threading.Thread(target=pages.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{pages.server_address[1]}/suonora_example.html"
        pages.shutdown()
        thread.join(10)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def browser(server: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if shutil.which(CHROMIUM) is None:
        missing("Chromium", "install the system's package chromium")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with https(tmp_path_factory.mktemp("tls"), server.port, HOST) as port, sync_playwright() as playwright:
        to_us = [f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{port}", "--ignore-certificate-errors"]
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=[*flags, *to_us])
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_page() as opened:
        opened.set_default_timeout(20_000)
        yield opened


def _dismissed(said: list[str]) -> Callable[[Dialog], None]:
    """Takes down what an alert says, and closes it."""

    def on_dialog(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    return on_dialog


def test_the_vendors_example_plays_unmodified(page: Page, customer: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", _dismissed(errors))
    page.goto(customer)
    page.evaluate(LISTEN)
    with page.expect_response(lambda response: response.request.method == "POST") as answering:
        page.click("#play")
    page.wait_for_function("window.heard.loud >= 25")
    page.wait_for_function("window.heard.ended")
    assert page.evaluate("window.heard.peak") > 0.05
    player = page.evaluate("({t: player.currentTime, d: player.duration, e: player.error})")
    assert player["e"] is None
    assert 1.5 < player["t"] == pytest.approx(player["d"], abs=0.1)
    assert errors == []
    answer = answering.value
    assert answer.url == f"https://{HOST}/v1/audio/stream"
    headers = answer.all_headers()
    assert (answer.status, headers["content-type"]) == (200, "audio/mpeg")
    assert headers["access-control-allow-origin"] == "*"
    assert "content-length" not in headers


def test_sound_begins_before_the_text_is_spoken(page: Page, customer: str) -> None:
    """A text of minutes is playing while most of it is not made yet."""
    page.goto(customer)
    page.evaluate(LISTEN)
    text = "Streaming from Suonora with minimal latency. " * 100
    page.evaluate(
        """text => {
          const ask = window.fetch;
          window.fetch = (url, options) => ask(url, {
            ...options,
            body: JSON.stringify({...JSON.parse(options.body), input: text}),
          });
        }""",
        text,
    )
    page.click("#play")
    page.wait_for_function("window.heard.loud >= 10")
    buffered = page.evaluate("player.buffered.end(0)")
    assert page.evaluate("player.currentTime") < 10
    assert buffered < 120, "most of it is still to come"


def test_a_refusal_reaches_the_examples_own_alert(page: Page, customer: str) -> None:
    said: list[str] = []
    page.on("dialog", _dismissed(said))
    page.goto(customer)
    page.evaluate(
        """() => {
          const ask = window.fetch;
          window.fetch = (url, options) => ask(url, {...options, body: "{}"});
        }"""
    )
    with page.expect_event("dialog"):
        page.click("#play")
    assert said == ["TTS request failed: 400"]
