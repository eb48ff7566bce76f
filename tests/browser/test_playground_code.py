"""The code that the page shows: it makes what the page speaks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import Browser

from browsing import Visitor, visiting
from live import Live

pytestmark = pytest.mark.browser


def _dress(visitor: Visitor, text: str, voice: str = "en-us+edward") -> None:
    """A request in which nothing is as it was."""
    visitor.choose_voice(voice)
    visitor.page.select_option("#format", "wav")
    visitor.page.select_option("#style", "cheerful")
    for name, value in (("speed", "1.2"), ("pitch", "-3")):
        visitor.page.evaluate(f"document.querySelector('#{name}').value = {value}")
        visitor.page.dispatch_event(f"#{name}", "input")
    visitor.write(text)


def test_the_curl_line_makes_what_the_page_speaks(visitor: Visitor, tmp_path: Path) -> None:
    text = 'It\'s "quoted", $HOME, `tick`, back\\slash and über.'
    _dress(visitor, text)
    line = visitor.code("curl")
    subprocess.run(["bash", "-c", line], cwd=tmp_path, check=True, capture_output=True, timeout=30)
    body = re.search(r"-d '(.*)' \\\n", line)
    assert body is not None, line
    assert json.loads(body[1].replace("'\\''", "'")) == {
        "text": text,
        "voice": "en-us+edward",
        "format": "wav",
        "speed": 1.2,
        "pitch": -3,
        "style": "cheerful",
    }
    assert len(soundfile.read(tmp_path / "speech.wav")[0]) > 22050


def test_the_python_code_makes_what_the_page_speaks(visitor: Visitor, tmp_path: Path) -> None:
    _dress(visitor, 'One "two"\nthree \\ four.', "tone")
    done = subprocess.run(
        [sys.executable, "-c", visitor.code("sdk")],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=50,
    )
    assert "One" in done.stdout.decode()
    visitor.code("curl")
    subprocess.run(
        ["bash", "-c", visitor.code("curl").replace("speech.wav", "curl.wav")], cwd=tmp_path, check=True
    )
    samples = [soundfile.read(tmp_path / name)[0].tobytes() for name in ("speech.wav", "curl.wav")]
    assert samples[0] == samples[1]


def test_python_code_of_all_clients_is_for_what_is_on_the_screen(visitor: Visitor) -> None:
    text = 'Say "this"\nand \\ that 🍵.'
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
        code = visitor.code(tab)
        names = compile(code, tab, "exec").co_consts
        assert text in str(names) or text in code or json.dumps(text, ensure_ascii=False) in code, tab
        for part in spoken:
            assert part in code, (tab, part)


def test_one_click_copies_the_code(browser: Browser, server: Live) -> None:
    with visiting(browser, server.url, permissions=["clipboard-read", "clipboard-write"]) as visitor:
        code = visitor.code("sdk")
        visitor.page.click("#copy")
        visitor.until("document.querySelector('#copy').textContent === 'Copied'")
        assert visitor.page.evaluate("navigator.clipboard.readText()") == code
        assert visitor.complaints == []
