"""What the server prints once it listens."""

from __future__ import annotations

import io
import json
import shlex

import pytest
from msgspec import structs
from rich.console import Console

from stage import VOICE
from vivavoce.cli.banner import curl_lines, engine_rows, reachable, show
from vivavoce.speech import VoiceInfo
from vivavoce.voices.catalogue import Catalogue

pytestmark = pytest.mark.fast


def voice(id: str, engine: str, *languages: str, rank: int = 100) -> VoiceInfo:
    return structs.replace(
        VOICE, id=id, engine=engine, language=languages[0], languages=languages, rank=rank, rate_hz=16_000
    )


KNOWN = Catalogue(
    [
        voice("ann", "brass", "fr-FR", "fr-CA"),
        voice("bob", "brass", "en-US", rank=50),
        voice("cid", "steam", "en-GB"),
        voice("dot", "steam", "en-US", rank=1),
    ]
)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://0.0.0.0:80", "http://127.0.0.1:80"),
        ("http://[::]:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://speech.local:9", "http://speech.local:9"),
    ],
)
def test_the_address_shown_can_be_reached_from_here(address: str, url: str) -> None:
    assert reachable(address) == url


def test_the_engine_of_the_best_english_voice_comes_first() -> None:
    rows = engine_rows(KNOWN)
    assert [(row.engine, row.voices, row.languages, row.best) for row in rows] == [
        ("steam", 2, 1, "dot"),
        ("brass", 2, 2, "bob"),
    ]


def test_an_engine_without_english_shows_its_first_voice() -> None:
    rows = engine_rows(Catalogue([voice("ann", "brass", "fr-FR")]))
    assert [row.best for row in rows] == ["ann"]


def test_the_curl_line_is_one_shell_command_with_valid_json() -> None:
    lines = curl_lines("http://127.0.0.1:8080", "it's")
    words = shlex.split("\n".join(curl_lines("http://127.0.0.1:8080", "dot")).replace("\\\n", ""))
    assert words[:3] == ["curl", "-N", "http://127.0.0.1:8080/v1/speech"]
    assert json.loads(words[words.index("-d") + 1])["voice"] == "dot"
    assert json.loads(words[words.index("-d") + 1])["format"] == "mp3"
    assert shlex.split("\n".join(lines).replace("\\\n", ""))[-1] == "hello.mp3"


def test_the_banner_fits_80_columns() -> None:
    out = io.StringIO()
    show(KNOWN, "http://127.0.0.1:8080", Console(file=out, width=80, color_system=None))
    shown = out.getvalue()
    assert max(map(len, shown.splitlines())) <= 80
    assert "listens on http://127.0.0.1:8080\n" in shown
    assert "Voices      4 in 2 languages" in shown
    assert '"voice":"dot"' in shown
