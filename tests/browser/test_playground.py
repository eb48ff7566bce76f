"""The playground in a real browser: that it speaks, follows, stops, explains itself, and needs no mouse."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
import soundfile
from playwright.sync_api import Browser, Page
from websockets.sync.client import connect

from browsing import Visitor, chromium, visiting
from live import Live, serving

pytestmark = pytest.mark.browser

WORDS = "The first words of many are spoken while the others wait."
LONG = " ".join(f"This is sentence number {number}." for number in range(1, 30))
LOUD = 0.01

# Presses Stop, and gives the milliseconds until the loudspeaker gets nothing but zeros and stays so.
STOP = """async () => {
  const from = performance.now();
  document.querySelector("#stop").click();
  let silentAt = null;
  while (performance.now() - from < 400) {
    if (vivavoce.figures.rms > 1e-4) silentAt = null;
    else silentAt ??= performance.now();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return silentAt === null ? Infinity : silentAt - from;
}"""
WATCH = """() => {
  const word = document.querySelector(".word");
  window.seen = [];
  new MutationObserver(() => word.textContent && window.seen.at(-1) !== word.textContent
    && window.seen.push(word.textContent)).observe(word, {childList: true, characterData: true, subtree: true});
}"""
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("data")) as live:
        yield live


@pytest.fixture
def visitor(browser: Browser, server: Live) -> Iterator[Visitor]:
    """A tab whose console must stay empty."""
    with visiting(browser, server.url) as found:
        yield found
        assert found.complaints == []


# ---- heard ------------------------------------------------------------------------------------------------------


def test_speak_is_heard_and_ends(visitor: Visitor) -> None:
    visitor.choose_voice("en-us+edward")
    visitor.write(WORDS)
    visitor.speak()
    visitor.until(f"vivavoce.figures.rms > {LOUD}")
    before = visitor.figures
    visitor.heard(before["samplesConsumed"] + before["rateHz"] // 2)
    after = visitor.figures
    assert (after["way"], after["format"], after["contextState"]) == ("loudspeaker", "pcm_s16le", "running")
    played_s = (after["samplesConsumed"] - before["samplesConsumed"]) / after["rateHz"]
    assert after["contextTimeS"] - before["contextTimeS"] == pytest.approx(played_s, abs=0.1)
    assert after["underruns"] == 0
    assert 0 < after["firstAudioMs"] <= after["firstSoundMs"]
    assert visitor.page.inner_text("#figure-first") == f"{round(after['firstSoundMs'])} ms"
    end = visitor.silent()
    assert end["samplesConsumed"] == end["samplesReceived"] > end["rateHz"]
    assert end["underruns"] == 0
    assert 0 < end["realTimeFactor"] < 1
    assert visitor.page.inner_text("#hint") == f"Spoke {end['samplesConsumed'] / end['rateHz']:.1f} s."


def test_words_light_up_in_order_as_they_are_heard_and_not_as_they_come(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write(WORDS)
    visitor.page.evaluate(WATCH)
    visitor.speak()
    visitor.until("vivavoce.lit.length >= 3")
    # All of it came long ago; only what was heard is lit.
    assert len(visitor.page.evaluate("vivavoce.marks")) > len(visitor.page.evaluate("vivavoce.lit"))
    visitor.silent()
    lit = visitor.until("vivavoce.lit.length === vivavoce.marks.length && vivavoce.lit")
    assert [word["value"] for word in lit] == WORDS.split()
    assert [word for word in visitor.page.evaluate("window.seen")] == WORDS.split()
    for word in lit:
        assert word["heard_s"] >= word["start_s"]
        assert word["samples"] / 24000 >= word["start_s"]
    assert sorted(word["heard_s"] - word["start_s"] for word in lit)[len(lit) // 2] < 0.1


def test_astral_and_right_to_left_text_lights_the_right_words(visitor: Visitor) -> None:
    text = "Tea 🍵 and 𝒎𝒂𝒕𝒉 come first"
    visitor.choose_voice("tone")
    visitor.write(text)
    visitor.page.evaluate(WATCH)
    visitor.speak()
    visitor.until("vivavoce.figures.samplesConsumed > 0")
    visitor.silent()
    visitor.until("window.seen.at(-1) === 'first'")
    seen = visitor.page.evaluate("window.seen")
    assert [word for word in seen if word.isascii()] == ["Tea", "and", "come", "first"]
    assert set(seen) <= set(text.split())


def test_stop_is_silence_within_a_tenth_of_a_second(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write(LONG)
    visitor.speak()
    visitor.heard(20_000)
    visitor.until(f"vivavoce.figures.rms > {LOUD}")
    took_ms = visitor.page.evaluate(STOP)
    assert took_ms < 100
    stopped = visitor.figures
    assert stopped["state"] == "idle"
    time.sleep(0.2)
    assert visitor.figures["samplesConsumed"] == stopped["samplesConsumed"] < stopped["samplesReceived"]
    assert visitor.page.inner_text("#hint") == "Stopped."


def test_stop_ends_the_work_at_the_server(visitor: Visitor, server: Live) -> None:
    visitor.write(LONG)
    visitor.speak()
    visitor.heard(2000)
    assert server.look("health")["live_streams"] == 1
    visitor.page.click("#stop")
    deadline = time.monotonic() + 5
    while server.look("health")["live_streams"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_speaking_again_drops_what_was_being_said(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write(LONG)
    visitor.speak()
    visitor.heard(10_000)
    visitor.write("Short")
    visitor.speak()
    visitor.until("vivavoce.figures.samplesConsumed < 10000")
    end = visitor.silent()
    assert end["samplesConsumed"] == end["samplesReceived"] < 20_000
    assert [word["value"] for word in visitor.until("vivavoce.lit.length && vivavoce.lit")] == ["Short"]


def test_a_listener_of_more_than_a_credit_hears_all_of_it(visitor: Visitor) -> None:
    """Eight seconds of tone: more than the six that may come ahead."""
    visitor.choose_voice("tone")
    visitor.page.evaluate("document.querySelector('#speed').value = 2")
    visitor.page.dispatch_event("#speed", "input")
    visitor.write(LONG[:330])
    visitor.speak()
    end = visitor.silent()
    assert end["samplesConsumed"] == end["samplesReceived"] > 7 * 24000
    assert end["underruns"] == 0


# ---- along ------------------------------------------------------------------------------------------------------


def test_type_along_speaks_before_the_text_ends(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write("")
    visitor.page.check("#along", force=True)
    visitor.page.focus("#text")
    visitor.page.keyboard.type("One may start to write and ", delay=15)
    visitor.heard(2000)
    visitor.page.keyboard.type("go on writing", delay=15)
    visitor.page.click("#speak")
    end = visitor.silent()
    assert end["atFirstSound"]["finished"] is False
    assert end["atFirstSound"]["charactersSent"] < len("One may start to write and go on writing")
    assert end["underruns"] == 0
    lit = visitor.until("vivavoce.lit.length === vivavoce.marks.length && vivavoce.lit")
    assert [word["value"] for word in lit] == "One may start to write and go on writing".split()


def test_type_along_says_a_word_that_nobody_finishes_and_only_what_is_new(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write("Already here.")
    visitor.page.check("#along", force=True)
    visitor.page.focus("#text")
    visitor.page.keyboard.press("End")
    visitor.page.keyboard.type(" mole")
    visitor.page.keyboard.press("Backspace")
    visitor.page.keyboard.press("Backspace")
    visitor.page.keyboard.type("re")
    # No space follows: the pause alone sends it.
    visitor.until("vivavoce.lit.length === 1")
    assert visitor.figures["state"] == "speaking"
    visitor.page.keyboard.press("Escape")
    visitor.silent()
    assert [word["value"] for word in visitor.page.evaluate("vivavoce.lit")] == ["more"]


# ---- formats ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pcm_f32le", "wav", "mulaw", "alaw"])
def test_plain_formats_are_heard_through_the_loudspeaker(visitor: Visitor, name: str) -> None:
    visitor.page.select_option("#format", name)
    visitor.choose_voice("tone")
    visitor.write("Heard at once")
    visitor.speak()
    visitor.until(f"vivavoce.figures.rms > {LOUD}")
    end = visitor.silent()
    assert (end["way"], end["rateHz"]) == ("loudspeaker", 8000 if name.endswith("law") else 24000)
    marks = visitor.page.evaluate("vivavoce.marks")
    assert end["samplesConsumed"] / end["rateHz"] >= marks[-1]["stop_s"]


@pytest.mark.parametrize(("name", "way"), [("mp3", "stream"), ("aac", "stream"), ("opus", "file"), ("flac", "file")])
def test_coded_formats_are_heard_through_the_browsers_decoder(visitor: Visitor, name: str, way: str) -> None:
    visitor.page.select_option("#format", name)
    visitor.choose_voice("tone")
    visitor.write("Heard through a decoder")
    visitor.speak()
    visitor.until(f"vivavoce.figures.rms > {LOUD}")
    assert visitor.figures["way"] == way
    end = visitor.silent()
    assert (end["underruns"], visitor.page.is_hidden("#notice")) == (0, True)
    lit = visitor.until("vivavoce.lit.length === 4 && vivavoce.lit")
    assert [word["value"] for word in lit] == "Heard through a decoder".split()


def test_without_an_audio_worklet_mp3_is_the_choice(browser: Browser, server: Live) -> None:
    with visiting(browser) as visitor:
        visitor.page.add_init_script("delete window.AudioWorkletNode")
        visitor.go(server.url)
        assert visitor.page.input_value("#format") == "mp3"
        assert visitor.page.is_disabled("#format option[value=pcm_s16le]")
        visitor.speak()
        visitor.until(f"vivavoce.figures.rms > {LOUD}")
        assert visitor.figures["way"] == "stream"
        assert visitor.complaints == []


# ---- taken home -------------------------------------------------------------------------------------------------


def _downloaded(visitor: Visitor) -> tuple[str, bytes]:
    with visitor.page.expect_download() as waiting:
        visitor.page.click("#download")
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_a_download_is_what_was_heard(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write("All of it")
    visitor.speak()
    visitor.heard()
    end = visitor.silent()
    name, data = _downloaded(visitor)
    samples, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert (name, rate, len(samples)) == ("speech.wav", 24000, end["samplesConsumed"])
    direct = httpx.post(
        f"{visitor.page.url}v1/speech", json={"text": "All of it", "voice": "tone", "format": "pcm"}
    ).content
    assert samples.tobytes() == direct


def test_a_download_after_stop_ends_where_one_stopped(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write(LONG)
    visitor.speak()
    visitor.heard(12_000)
    visitor.page.evaluate(STOP)
    _, data = _downloaded(visitor)
    heard = visitor.figures["samplesConsumed"]
    assert abs(len(soundfile.read(io.BytesIO(data))[0]) - heard) < 24000 * 0.1


def test_a_download_of_mp3_is_mp3(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.page.select_option("#format", "mp3")
    visitor.write("All of it")
    visitor.speak()
    visitor.until("vivavoce.figures.firstSoundMs !== null")
    visitor.silent()
    name, data = _downloaded(visitor)
    with av.open(io.BytesIO(data)) as container:
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    marks = visitor.page.evaluate("vivavoce.marks")
    assert name == "speech.mp3"
    assert marks[-1]["stop_s"] < seconds < marks[-1]["stop_s"] + 0.5


# ---- code -------------------------------------------------------------------------------------------------------


def _code(visitor: Visitor, tab: str) -> str:
    visitor.page.click(f"#code-{tab}")
    return visitor.page.inner_text("#code")


def _dress(visitor: Visitor, text: str) -> None:
    """A request in which nothing is as it was."""
    visitor.choose_voice("en-us+edward")
    visitor.page.select_option("#format", "wav")
    visitor.page.select_option("#style", "cheerful")
    for name, value in (("speed", "1.2"), ("pitch", "-3")):
        visitor.page.evaluate(f"document.querySelector('#{name}').value = {value}")
        visitor.page.dispatch_event(f"#{name}", "input")
    visitor.write(text)


def test_the_curl_line_makes_what_the_page_speaks(visitor: Visitor, tmp_path: Path) -> None:
    text = "It's \"quoted\", $HOME, `tick`, back\\slash and über."
    _dress(visitor, text)
    line = _code(visitor, "curl")
    subprocess.run(["bash", "-c", line], cwd=tmp_path, check=True, capture_output=True, timeout=30)
    sent = json.loads(re.search(r"-d '(.*)' \\\n", line)[1].replace("'\\''", "'"))  # type: ignore[index]  # it ran
    assert sent == {
        "text": text,
        "voice": "en-us+edward",
        "format": "wav",
        "speed": 1.2,
        "pitch": -3,
        "style": "cheerful",
    }
    assert len(soundfile.read(tmp_path / "speech.wav")[0]) > 22050


def test_the_python_code_makes_what_the_page_speaks(visitor: Visitor, tmp_path: Path) -> None:
    _dress(visitor, "One \"two\"\nthree \\ four.")
    done = subprocess.run(
        [sys.executable, "-c", _code(visitor, "sdk")], cwd=tmp_path, check=True, capture_output=True, timeout=50
    )
    assert "One" in done.stdout.decode()
    _code(visitor, "curl")
    subprocess.run(["bash", "-c", _code(visitor, "curl").replace("speech.wav", "curl.wav")], cwd=tmp_path, check=True)
    samples = [soundfile.read(tmp_path / name)[0].tobytes() for name in ("speech.wav", "curl.wav")]
    assert samples[0] == samples[1]


def test_python_code_of_all_clients_is_for_what_is_on_the_screen(visitor: Visitor) -> None:
    text = "Say \"this\"\nand \\ that 🍵."
    _dress(visitor, text)
    url = visitor.page.url.rstrip("/")
    for tab, spoken in {
        "sdk": [f'base_url="{url}"', "speed=1.2", "pitch=-3", 'style="cheerful"', 'output_format="wav"'],
        "soniox": [
            f'api_base_url="{url}/v1"',
            f'tts_api_base_url="{url}"',
            f'tts_websocket_base_url="{url.replace("http", "ws")}/tts-websocket"',
            "speed=1.2",
            "no word for: pitch, style",
        ],
        "gradium": [f'base_url="{url}/api/"', '"voice_id": "en-us+edward"', '{"padding_bonus": -1.11}'],
        "supertone": [f'server_url="{url}"', '"speed": 1.2', '"pitch_shift": -3', 'style="cheerful"'],
    }.items():
        code = _code(visitor, tab)
        names = compile(code, tab, "exec").co_consts
        assert text in str(names) or text in code or json.dumps(text, ensure_ascii=False) in code, tab
        for part in spoken:
            assert part in code, (tab, part)


def test_one_click_copies_the_code(browser: Browser, server: Live) -> None:
    with visiting(browser, server.url, permissions=["clipboard-read", "clipboard-write"]) as visitor:
        code = _code(visitor, "sdk")
        visitor.page.click("#copy")
        visitor.until("document.querySelector('#copy').textContent === 'Copied'")
        assert visitor.page.evaluate("navigator.clipboard.readText()") == code
        assert visitor.complaints == []


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
    page.click("#dictionaries [type=submit]")
    visitor.until("document.querySelector('#dictionary-said').textContent.startsWith('Saved')")
    page.keyboard.press("Escape")
    assert page.input_value("#dictionary") == made["id"]
    assert len(server.look("dictionaries")["dictionaries"][0]["entries"]) == 2
    assert f'"dictionary":"{made["id"]}"' in _code(visitor, "curl")
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


# ---- trouble ----------------------------------------------------------------------------------------------------


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
            visitor.until("document.querySelector('.presence.here') && document.querySelector('#notice').hidden")
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
        assert visitor.silent()["rms"] < LOUD


def test_a_wrong_key_is_told_and_a_right_one_is_kept_in_this_tab_only(browser: Browser, tmp_path: Path) -> None:
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
            assert secret not in _code(visitor, tab)
        assert "$VIVAVOCE_API_KEY" in _code(visitor, "curl")


def test_a_limit_is_told_and_one_click_tries_again(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, engines="tone", max_streams=1) as live, visiting(browser, live.url) as visitor:
        with connect(live.ws_url, subprotocols=["vivavoce.v1"]) as socket:  # type: ignore[list-item]  # a NewType
            socket.send(json.dumps({"type": "open"}))
            assert json.loads(socket.recv())["type"] == "opened"
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
