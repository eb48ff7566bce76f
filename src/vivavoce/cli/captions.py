"""Word marks as a file: JSON for programs, SubRip (``.srt``) or WebVTT (``.vtt``) for players."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from vivavoce.speech import Mark

LONGEST_CUE_CHARS: Final = 42
"""One line of subtitles, as broadcasters cut them."""
LONGEST_SILENCE_S: Final = 0.7
"""A pause that ends a cue."""
_TAG: Final = re.compile(r"<(?:flush|break)\b[^<>]*>")
_SENTENCE_ENDS: Final = tuple(".!?…。！？؟।;")


class Cue(Struct, frozen=True):
    """One subtitle. Times in seconds from the first sample."""

    start_s: float
    stop_s: float
    text: str


def write_marks(path: str, marks: Sequence[Mark], text: str) -> None:
    """Write the word marks of ``text`` to ``path``, in the form that its extension names (JSON if none)."""
    lower = path.lower()
    if lower.endswith(".srt"):
        written = srt(cues(marks, text))
    elif lower.endswith(".vtt"):
        written = vtt(cues(marks, text))
    else:
        written = as_json(marks)
    with open(path, "w", encoding="utf-8") as file:
        file.write(written)


def as_json(marks: Sequence[Mark]) -> str:
    """A list of ``{text, start_s, stop_s, text_start, text_stop}``, one mark a line."""
    rows = [
        json.dumps(
            {
                "text": mark.value,
                "start_s": round(mark.start_s, 6),
                "stop_s": round(mark.stop_s, 6),
                "text_start": mark.text_start,
                "text_stop": mark.text_stop,
            },
            ensure_ascii=False,
        )
        for mark in marks
    ]
    return "[\n  " + ",\n  ".join(rows) + "\n]\n" if rows else "[]\n"


def cues(marks: Sequence[Mark], text: str) -> list[Cue]:
    """Subtitles of at most a line each, with the punctuation that stands in ``text`` between the words."""
    found: list[Cue] = []
    first = 0
    for i, mark in enumerate(marks):
        following = marks[i + 1] if i + 1 < len(marks) else None
        stop = following.text_start if following else len(text)
        shown = _shown(text[marks[first].text_start : stop])
        if following is None or _ends_cue(shown, following, mark, text):
            found.append(Cue(marks[first].start_s, mark.stop_s, shown))
            first = i + 1
    return found


def _ends_cue(shown: str, following: Mark, mark: Mark, text: str) -> bool:
    word = text[following.text_start : following.text_stop]
    return (
        shown.endswith(_SENTENCE_ENDS)
        or following.start_s - mark.stop_s > LONGEST_SILENCE_S
        or len(shown) + 1 + len(word) > LONGEST_CUE_CHARS
    )


def _shown(text: str) -> str:
    return " ".join(_TAG.sub(" ", text).split())


def srt(found: Sequence[Cue]) -> str:
    """SubRip text."""
    return "\n".join(
        f"{number}\n{_clock(cue.start_s, ',')} --> {_clock(cue.stop_s, ',')}\n{cue.text}\n"
        for number, cue in enumerate(found, 1)
    )


def vtt(found: Sequence[Cue]) -> str:
    """WebVTT text; ``&``, ``<`` and ``>`` are escaped as its grammar wants."""
    body = "\n".join(
        f"{_clock(cue.start_s, '.')} --> {_clock(cue.stop_s, '.')}\n{_escaped(cue.text)}\n" for cue in found
    )
    return f"WEBVTT\n\n{body}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
