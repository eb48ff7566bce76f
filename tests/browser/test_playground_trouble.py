"""Trouble in plain words: servers that go, keys, limits, engines that fail."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from browsing import LOUD, Visitor, visiting
from live import serving
from wire import dial, hear, say

pytestmark = pytest.mark.browser

LONG = " ".join(f"This is sentence number {number}." for number in range(1, 30))


def test_a_server_that_goes_is_told_and_found_again(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, engines="tone") as live, visiting(browser, live.url) as visitor:
        port = live.port
        visitor.write("My own words")
        live.process.kill()
        live.process.wait()
        visitor.until("document.querySelector('.presence.gone') !== null")
        visitor.speak()
        visitor.until("!document.querySelector('#notice').hidden")
        assert "The server is away" in visitor.page.inner_text("#notice")
        assert visitor.figures["state"] == "idle"
        with serving(tmp_path, engines="tone", port=port):
            visitor.until(
                "document.querySelector('.presence.here') && document.querySelector('#notice').hidden"
            )
            assert visitor.page.input_value("#text") == "My own words"
            visitor.speak()
            visitor.heard()


def test_a_server_that_goes_in_the_middle_is_told(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, engines="tone") as live, visiting(browser, live.url) as visitor:
        visitor.write(LONG)
        visitor.speak()
        visitor.heard(4000)
        live.process.kill()
        visitor.until("!document.querySelector('#notice').hidden")
        assert "The connection was lost" in visitor.page.inner_text("#notice")
        visitor.silent()
        visitor.until("vivavoce.figures.rms === 0")


def test_a_wrong_key_is_told_and_a_right_one_is_kept_in_this_tab_only(
    browser: Browser, tmp_path: Path
) -> None:
    with serving(tmp_path, engines="tone") as live, visiting(browser) as visitor:
        draft = {"name": "root", "scopes": ["admin", "speech", "manage"]}
        secret = httpx.post(f"{live.url}/v1/speech/keys", json=draft).json()["secret"]
        page = visitor.page
        page.goto(live.url)
        visitor.until("!document.querySelector('#notice').hidden")
        assert "This server wants a key" in page.inner_text("#notice")
        page.fill("#key", "vv_wrong")
        page.keyboard.press("Enter")
        visitor.until("document.querySelector('#notice').innerText.includes('not valid here')")
        page.fill("#key", secret)
        page.keyboard.press("Enter")
        visitor.until("document.querySelector('.presence.here') !== null")
        assert page.is_hidden("#notice")
        visitor.speak()
        visitor.until(f"vivavoce.figures.rms > {LOUD}")
        kept = page.evaluate("[JSON.stringify({...localStorage}), document.cookie, {...sessionStorage}]")
        assert kept == ["{}", "", {"vivavoce.key": secret}]
        for tab in ("curl", "sdk", "soniox", "gradium", "supertone"):
            assert secret not in visitor.code(tab)
        assert "$VIVAVOCE_API_KEY" in visitor.code("curl")


def test_a_limit_is_told_and_one_click_tries_again(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, engines="tone", max_streams=1) as live, visiting(browser, live.url) as visitor:
        with dial(live) as socket:
            say(socket, {"type": "open"})
            assert hear(socket)["type"] == "opened"
            visitor.speak()
            visitor.until("!document.querySelector('#notice').hidden")
            assert "The server is at its limit" in visitor.page.inner_text("#notice")
            assert "Try again in 1 s." in visitor.page.inner_text("#notice")
        visitor.page.click("#notice-again")
        visitor.until(f"vivavoce.figures.rms > {LOUD}")
        assert visitor.page.is_hidden("#notice")
        assert visitor.complaints == []


def test_an_engine_that_fails_is_told(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write("Some words. {{fail}} More.")
    visitor.speak()
    visitor.until("!document.querySelector('#notice').hidden")
    assert "That did not work" in visitor.page.inner_text("#notice")
    assert visitor.silent()["state"] == "idle"


def test_nothing_to_say_is_told(visitor: Visitor) -> None:
    visitor.write("   ")
    visitor.speak()
    assert visitor.page.inner_text("#hint") == "Write something first."
