"""The page around the speech: dictionaries, and that everybody can use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from browsing import LOUD, Visitor, visiting
from live import Live, serving

pytestmark = pytest.mark.browser


CONTRAST = """(pairs) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const style = getComputedStyle(document.documentElement);
  const light = (name) => {
    canvas.fillStyle = style.getPropertyValue(name);
    canvas.fillRect(0, 0, 1, 1);
    const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return pairs.map(([one, other]) => {
    const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  });
}"""


# ---- dictionaries -----------------------------------------------------------------------------------------------


def test_a_dictionary_is_written_used_changed_and_deleted(visitor: Visitor, server: Live) -> None:
    page = visitor.page
    page.click("#dictionary-edit")
    page.fill("#dictionary-name", "House words")
    page.fill("#dictionary-rows [name=original]", "Vivavoce")
    page.fill("#dictionary-rows [name=rewrite]", "one two three four five six seven")
    page.press("#dictionary-rows [name=rewrite]", "Enter")
    visitor.until("document.querySelector('#dictionary-said').textContent.startsWith('Saved')")
    (made,) = server.look("dictionaries")["dictionaries"]
    entry = {"original": "Vivavoce", "rewrite": "one two three four five six seven", "case_sensitive": False}
    assert (made["name"], made["entries"]) == ("House words", [entry])
    page.click("#dictionary-add")
    page.fill("#dictionary-rows .row:last-child [name=original]", "GIF")
    page.fill("#dictionary-rows .row:last-child [name=rewrite]", "jiff")
    page.check("#dictionary-rows .row:last-child [name=case]")
    # What the page says of the first save stands there until the second is answered, and then again.
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        page.click("#dictionaries [type=submit]")
    visitor.until("document.querySelector('#dictionary-said').textContent.startsWith('Saved')")
    page.keyboard.press("Escape")
    assert page.input_value("#dictionary") == made["id"]
    assert len(server.look("dictionaries")["dictionaries"][0]["entries"]) == 2
    assert f'"dictionary":"{made["id"]}"' in visitor.code("curl")
    visitor.choose_voice("tone")
    visitor.write("Vivavoce")
    visitor.speak()
    visitor.heard()
    # The word alone would be half a second of tone.
    assert visitor.silent()["samplesConsumed"] > 24000
    page.click("#dictionary-edit")
    page.click("#dictionary-delete")
    visitor.until("document.querySelector('#dictionary-said').textContent === 'Deleted.'")
    assert server.look("dictionaries")["dictionaries"] == []


# ---- for everybody ----------------------------------------------------------------------------------------------


def _focused(page: Page) -> str:
    found: str = page.evaluate("document.activeElement.id || document.activeElement.className")
    return found


def test_everything_is_reached_and_done_by_keyboard_alone(visitor: Visitor) -> None:
    page, press = visitor.page, visitor.page.keyboard.press
    order = []
    for _ in range(22):
        press("Tab")
        order.append(_focused(page))
    wanted = "key-toggle text speak along scope-mode voice language speed pitch style format code-curl copy code-panel"
    assert [name for name in order if name in wanted.split()][: len(wanted.split())] == wanted.split()
    page.focus("#voice")
    page.keyboard.type("tone-na")
    assert page.get_attribute("#voice", "aria-expanded") == "true"
    active = page.get_attribute("#voice", "aria-activedescendant")
    assert page.inner_text(f"#{active} span") == "tone-native"
    press("Enter")
    assert page.evaluate("vivavoce.request.voice") == "tone-native"
    press("ArrowDown")
    press("Escape")
    assert page.get_attribute("#voice", "aria-expanded") == "false"
    page.focus("#speed")
    press("ArrowRight")
    assert page.evaluate("vivavoce.request.speed") == 1.05
    page.focus("#code-curl")
    press("ArrowRight")
    assert _focused(page) == "code-sdk"
    page.focus("#text")
    press("Control+a")
    page.keyboard.type("Spoken by hand")
    press("Control+Enter")
    visitor.heard(2000)
    press("Escape")
    visitor.silent()
    assert page.inner_text("#hint") == "Stopped."
    page.focus("#along")
    press("Space")
    assert (page.is_checked("#along"), _focused(page)) == (True, "text")


def test_a_language_brings_a_voice_that_speaks_it(visitor: Visitor) -> None:
    page = visitor.page
    page.click("#language")
    page.fill("#language", "french fra")
    page.keyboard.press("Enter")
    request = page.evaluate("vivavoce.request")
    assert request["language"].lower().startswith("fr")
    assert request["voice"].startswith("fr")
    assert page.input_value("#text").startswith("Le texte entre")
    visitor.speak()
    visitor.until(f"vivavoce.figures.rms > {LOUD}")


def test_whoever_searches_twice_searches_anew(visitor: Visitor) -> None:
    """The list stays in focus after a choice; what is typed then is another search, not the end of a name."""
    page = visitor.page
    page.click("#voice")
    page.keyboard.type("french")
    page.keyboard.press("Enter")
    assert page.evaluate("vivavoce.request.voice").startswith("fr")
    page.keyboard.type("german")
    page.keyboard.press("Enter")
    assert page.evaluate("vivavoce.request.voice").startswith("de")
    page.click("#voice")
    page.keyboard.type("spanish")
    page.keyboard.press("Enter")
    assert page.evaluate("vivavoce.request.voice").startswith("es")


def test_the_chosen_voice_of_many_stands_in_the_middle_of_the_list(browser: Browser, server: Live) -> None:
    rows = [
        {
            "id": f"voice-{at:04}",
            "name": f"Voice {at}",
            "engine": "tone",
            "language": "en-US",
            "gender": "female",
            "languages": ["en-US"],
            "rate_hz": 22050,
            "licence": "",
            "description": "",
            "capabilities": [],
        }
        for at in range(1000)
    ]
    with visiting(browser) as visitor:
        page = visitor.page
        page.route("**/v1/speech/voices", lambda route: route.fulfill(json={"voices": rows}))
        visitor.go(server.url)
        visitor.choose_voice("Voice 60")
        page.click("#voice")
        assert page.locator("#voice-list [role=option]").count() == 120
        assert page.inner_text("#voice-list .note") == "880 more; type to narrow"
        listed, chosen = (
            page.locator("#voice-list").bounding_box(),
            page.locator("#voice-list .pointed").bounding_box(),
        )
        assert listed is not None
        assert chosen is not None
        assert abs(chosen["y"] + chosen["height"] / 2 - listed["y"] - listed["height"] / 2) < 2
        page.keyboard.type("Voice 999")
        page.keyboard.press("Enter")
        assert page.evaluate("vivavoce.request.voice") == "voice-0999"
        assert visitor.complaints == []


def test_a_message_is_seen_wherever_one_is_on_the_page(browser: Browser, tmp_path: Path) -> None:
    size: Any = {"width": 375, "height": 600}
    with serving(tmp_path) as live, visiting(browser, live.url, viewport=size) as visitor:
        page = visitor.page
        page.locator("#copy").scroll_into_view_if_needed()
        live.process.kill()
        visitor.until("!document.querySelector('#notice').hidden || document.querySelector('.presence.gone')")
        page.keyboard.press("Control+Enter")
        visitor.until("!document.querySelector('#notice').hidden")
        box = page.locator("#notice").bounding_box()
        assert page.evaluate("scrollY") > 200
        assert box is not None
        assert 0 <= box["y"] < 100


def test_a_long_text_stretches_no_field(visitor: Visitor) -> None:
    page = visitor.page
    height = "document.querySelector('#format').offsetHeight"
    before = page.evaluate(height)
    visitor.write("A long text. " * 600)
    assert page.evaluate(height) == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_width_in_light_and_dark(browser: Browser, server: Live, scheme: Any, width: int) -> None:
    size: Any = {"width": width, "height": 760}
    with visiting(browser, server.url, viewport=size, color_scheme=scheme) as visitor:
        page = visitor.page
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        pairs = [
            ["--ink", "--card"], ["--ink", "--paper"], ["--soft", "--card"], ["--soft", "--paper"], ["--soft", "--field"],
            ["--unsaid", "--card"], ["--accent", "--card"], ["--on-accent", "--accent"], ["--on-marker", "--marker"],
            ["--bad", "--bad-wash"],
        ]  # fmt: skip
        ratios = page.evaluate(CONTRAST, pairs)
        assert {tuple(pair): ratio for pair, ratio in zip(pairs, ratios, strict=True) if ratio < 4.5} == {}
        small = page.evaluate(
            "[...document.querySelectorAll('.bar button, .field select, .picker input')]"
            ".filter((one) => one.offsetParent && one.offsetHeight < 40).map((one) => one.id)"
        )
        assert small == []
        page.click("#voice")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert visitor.complaints == []


def test_whoever_wants_little_motion_sees_little(browser: Browser, server: Live) -> None:
    with visiting(browser, server.url, reduced_motion="reduce") as visitor:
        visitor.page.evaluate(
            """() => {
              window.drawn = 0;
              const clear = CanvasRenderingContext2D.prototype.clearRect;
              CanvasRenderingContext2D.prototype.clearRect = function (...box) { window.drawn += 1; clear.apply(this, box); };
            }"""
        )
        visitor.choose_voice("tone")
        visitor.write("One two three four five six")
        visitor.speak()
        visitor.heard(24_000)
        assert 0 < visitor.page.evaluate("window.drawn") < 15
        assert visitor.complaints == []


def test_the_page_asks_nobody_but_its_server(browser: Browser, server: Live) -> None:
    asked: list[str] = []
    with visiting(browser) as visitor:
        visitor.page.on("request", lambda request: asked.append(request.url))
        visitor.go(server.url)
        visitor.speak()
        visitor.heard()
    assert asked
    assert {url for url in asked if not url.startswith((server.url, "blob:"))} == set()
