"""Word marks as files: exact JSON, and subtitles with the punctuation of the text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vivavoce.cli.captions import LONGEST_CUE_CHARS, Cue, cues, srt, vtt, write_marks
from vivavoce.speech import Mark

pytestmark = pytest.mark.fast


def marked(text: str, word_s: float = 0.5, pauses: dict[str, float] | None = None) -> list[Mark]:
    """A mark for each word of letters, one after the other; ``pauses`` follow the named words."""
    found = []
    now_s, at = 1.0, 0
    for word in text.replace("<flush>", " ").replace(".", " ").replace(",", " ").replace("!", " ").split():
        at = text.index(word, at)
        found.append(Mark("word", word, now_s, now_s + word_s, at, at + len(word)))
        now_s += word_s + (pauses or {}).get(word, 0.0)
        at += len(word)
    return found


def test_json_has_every_mark_with_its_span(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    text = "Ça va, “ami”"
    marks = [Mark("word", "Ça", 0.01234567, 0.2, 0, 2), Mark("word", "va", 0.2, 0.4, 3, 5)]
    write_marks(str(path), marks, text)
    assert json.loads(path.read_text(encoding="utf-8")) == [
        {"text": "Ça", "start_s": 0.012346, "stop_s": 0.2, "text_start": 0, "text_stop": 2},
        {"text": "va", "start_s": 0.2, "stop_s": 0.4, "text_start": 3, "text_stop": 5},
    ]
    assert "Ça" in path.read_text(encoding="utf-8")


def test_no_marks_is_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    write_marks(str(path), [], "…")
    assert json.loads(path.read_text(encoding="utf-8")) == []


def test_cues_end_with_sentences_and_keep_punctuation() -> None:
    text = "Well, hello there. How are you!"
    assert cues(marked(text), text) == [Cue(1.0, 2.5, "Well, hello there."), Cue(2.5, 4.0, "How are you!")]


def test_cues_fit_a_line_and_lose_no_word() -> None:
    text = " ".join(f"word{n}" for n in range(40))
    found = cues(marked(text), text)
    assert " ".join(cue.text for cue in found) == text
    assert max(len(cue.text) for cue in found) <= LONGEST_CUE_CHARS
    assert len(found) < 12


def test_a_long_pause_ends_a_cue() -> None:
    text = "one two three"
    found = cues(marked(text, pauses={"two": 0.9}), text)
    assert [cue.text for cue in found] == ["one two", "three"]
    assert found[0].stop_s == 2.0


def test_markup_is_not_shown() -> None:
    text = "one <flush>two"
    assert [cue.text for cue in cues(marked(text), text)] == ["one two"]


def test_subrip_is_written_to_the_letter(tmp_path: Path) -> None:
    path = tmp_path / "a.SRT"
    write_marks(str(path), marked("Go on. Stop."), "Go on. Stop.")
    assert path.read_text() == (
        "1\n00:00:01,000 --> 00:00:02,000\nGo on.\n\n2\n00:00:02,000 --> 00:00:02,500\nStop.\n"
    )


def test_webvtt_is_written_to_the_letter() -> None:
    assert vtt([Cue(3723.0005, 3724.9996, "a < b & c")]) == (
        "WEBVTT\n\n01:02:03.000 --> 01:02:05.000\na &lt; b &amp; c\n"
    )


def test_nothing_spoken_gives_valid_empty_subtitles() -> None:
    assert srt([]) == ""
    assert vtt([]) == "WEBVTT\n\n"
