"""``vivavoce voices preset`` and what of the store ``vivavoce say`` uses, through the installed command."""

from __future__ import annotations

import json
import subprocess
import wave
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration.cli_runs import environment, vivavoce
from live import Live, serving
from wire import eventually

pytestmark = pytest.mark.integration

TEXT = "The weather is nice today."


class Shell:
    """Commands over one data directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = environment(VIVAVOCE_DATA_DIR=str(folder), VIVAVOCE_ENGINES="espeak,tone")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return vivavoce(*arguments, env=self.env)

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def complaint(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 2, done
        (line,) = done.stderr.decode().splitlines()
        return line

    def seconds(self, *options: str) -> float:
        """The length of the sentence, spoken so."""
        clip = self.folder / "clip.wav"
        done = self.run("say", TEXT, "-q", "-o", str(clip), *options)
        assert done.returncode == 0, done.stderr.decode()
        with wave.open(str(clip)) as file:
            frames, rate_hz = file.getnframes(), file.getframerate()
        return float(frames / rate_hz)

    def words(self, text: str, *options: str) -> list[str]:
        """The words that marks are given for; the same one again for every word that is said for it."""
        marks = self.folder / "marks.json"
        done = self.run(
            "say", text, "-q", "-o", str(self.folder / "clip.wav"), "--marks", str(marks), *options
        )
        assert done.returncode == 0, done.stderr.decode()
        return [mark["text"] for mark in json.loads(marks.read_text())]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def _length_s(server: Live, voice: str) -> float | None:
    """How long the server speaks with ``voice``; ``None`` when it does not know it."""
    body = {"text": TEXT, "voice": voice, "format": "wav", "complete": True}
    answer = httpx.post(f"{server.url}/v1/speech", json=body, timeout=30)
    if answer.status_code == 400 and answer.json()["error"]["code"] == "unknown_voice":
        return None
    assert answer.status_code == 200, answer.text
    return len(answer.content) / 44_100


def test_a_running_server_speaks_with_a_new_preset_and_stops_when_it_is_removed(shell: Shell) -> None:
    with serving(shell.folder, store_refresh_s=0.1) as server:
        plain_s = _length_s(server, "en-us+edward")
        assert plain_s is not None
        assert _length_s(server, "slowly") is None
        made = shell.run("voices", "preset", "create", "slowly", "--base", "en-us+edward", "--speed", "0.5")
        assert made.stdout.decode() == "slowly\n", made.stderr.decode()
        eventually(lambda: _length_s(server, "slowly") is not None)
        assert _length_s(server, "slowly") == pytest.approx(2 * plain_s, rel=0.2)
        rows = httpx.get(f"{server.url}/v1/speech/custom-voices").json()["voices"]
        assert [(row["id"], row["kind"], row["speed"], row["gender"]) for row in rows] == [
            ("slowly", "preset", 0.5, "male")
        ]
        assert shell.run("voices", "preset", "remove", "slowly").returncode == 0
        eventually(lambda: _length_s(server, "slowly") is None)


def test_presets_are_listed_with_their_ways(shell: Shell) -> None:
    assert b"No presets yet" in shell.run("voices", "preset", "list").stderr
    options = ("--base", "en-gb", "--pitch", "-2", "--style", "calm", "--style-degree", "1.5")
    made = shell.json("voices", "preset", "create", "Old narrator", *options, "--language", "en-GB")
    assert (made["id"], made["name"], made["base_voice"]) == ("Old-narrator", "Old narrator", "en-gb")
    (listed,) = shell.json("voices", "preset", "list")
    assert listed == made
    shown = shell.run("voices", "preset", "list").stdout.decode()
    assert "pitch -2, calm 1.5" in shown
    assert "Old narrator" in shell.run("voices", "preset", "remove", "Old narrator").stderr.decode()
    assert shell.json("voices", "preset", "list") == []


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("x", "--base", "nobody"), "no voice and no language is called 'nobody'"),
        (("x", "--base", "en-us", "--speed", "9"), "speed: expected 0.25 to 4, got 9"),
        (("x", "--base", "en-us", "--style", "zany"), "unknown style 'zany'"),
        (("x", "--base", "en-us", "--id", "a b"), "id: expected up to 64 letters"),
        (("tone", "--base", "en-us"), "an installed voice is called 'tone'"),
        (("!", "--base", "en-us"), "NAME: expected a letter or digit"),
        (("x",), "Missing option '--base'"),
    ],
)
def test_what_can_be_no_preset_is_refused(shell: Shell, options: tuple[str, ...], complaint: str) -> None:
    assert complaint in shell.complaint("voices", "preset", "create", *options)
    assert shell.json("voices", "preset", "list") == []


def test_an_id_is_taken_once(shell: Shell) -> None:
    assert shell.run("voices", "preset", "create", "x", "--base", "en-us").returncode == 0
    assert "already stored" in shell.complaint("voices", "preset", "create", "x", "--base", "en-gb")


def test_say_speaks_with_a_preset_and_with_a_vendors_voice(shell: Shell) -> None:
    shell.json("voices", "preset", "create", "slowly", "--base", "Adrian", "--speed", "0.5")
    assert shell.seconds("--voice", "slowly") == pytest.approx(
        2 * shell.seconds("--voice", "Adrian"), rel=0.2
    )


def test_say_uses_a_dictionary_by_name_or_id_and_the_settings_own(shell: Shell) -> None:
    text = "Use SQL now."
    assert shell.run("dictionaries", "add", "acronyms", "SQL", "see quel", "--language", "en").returncode == 0
    (made,) = shell.json("dictionaries", "list")
    plain = shell.words(text)
    assert plain == ["Use", "SQL", "now."]
    spoken = ["Use", "SQL", "SQL", "now."]
    assert shell.words(text, "--dictionary", "acronyms") == spoken
    assert shell.words(text, "--dictionary", made["id"]) == spoken
    assert "no dictionary is called 'x'" in shell.complaint(
        "say", text, "-o", str(shell.folder / "c.wav"), "--dictionary", "x"
    )
    shell.env["VIVAVOCE_DICTIONARY"] = made["id"]
    assert shell.words(text) == spoken
    assert shell.words(text, "--voice", "fr") == plain


def test_a_dictionary_comes_before_the_rewrite_rules(shell: Shell) -> None:
    shell.run("dictionaries", "add", "prices", "$5", "a nice new fiver")
    text = "Pay $5 or $7."
    assert shell.words(text, "--rewrite", "en") == ["Pay", "$5", "$5", "or", "$7", "$7."]
    assert shell.words(text, "--rewrite", "en", "--dictionary", "prices") == [
        "Pay",
        *["$5"] * 4,
        "or",
        "$7",
        "$7.",
    ]
    assert "rewrite" in shell.complaint(
        "say", text, "-o", str(shell.folder / "c.wav"), "--rewrite", "klingon"
    )


def test_a_glance_changes_nothing(shell: Shell) -> None:
    """``say`` opens the store of a running server, or of somebody else, without a trace."""
    shell.run("dictionaries", "add", "acronyms", "SQL", "sequel")
    file = shell.folder / "vivavoce.db"
    before = file.read_bytes()
    shell.words("Use SQL.", "--dictionary", "acronyms")
    assert file.read_bytes() == before
    shell.env["VIVAVOCE_DATA_DIR"] = str(shell.folder / "none")
    assert "no dictionary is called" in shell.complaint(
        "say", "a", "-o", str(shell.folder / "c.wav"), "--dictionary", "acronyms"
    )
    assert not (shell.folder / "none").exists()
