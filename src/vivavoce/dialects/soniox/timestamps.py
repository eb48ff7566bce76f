"""Character timestamps: marks may come long before their audio, and leave with it.

Each frame of audio carries the characters that begin in it, so that all frames together give the whole text, spaces
included. What a unit of text ends with (a full stop, say) is known when its last word has been made, and leaves with
the next frame.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from vivavoce.speech import Mark


class Timestamps:
    """The characters of one stream that have not left yet, in the order of the text."""

    def __init__(self) -> None:
        self._waiting: deque[Mark] = deque()

    def add(self, mark: Mark) -> None:
        """A character mark; times never go back."""
        self._waiting.append(mark)

    def until(self, stop_s: float) -> dict[str, Any] | None:
        """Takes the characters that begin before ``stop_s``; ``None`` when there are none."""
        leaving: list[Mark] = []
        while self._waiting and self._waiting[0].start_s < stop_s:
            leaving.append(self._waiting.popleft())
        return _payload(leaving)

    def rest(self) -> dict[str, Any] | None:
        """Takes all that is left; ``None`` when nothing is."""
        leaving = list(self._waiting)
        self._waiting.clear()
        return _payload(leaving)


def _payload(marks: list[Mark]) -> dict[str, Any] | None:
    if not marks:
        return None
    return {
        "characters": [_whole(mark.value) for mark in marks],
        "character_start_times_seconds": [round(mark.start_s, 4) for mark in marks],
        "character_end_times_seconds": [round(mark.stop_s, 4) for mark in marks],
    }


def _whole(character: str) -> str:
    """``character``, or U+FFFD for half a surrogate pair, which no JSON writer takes."""
    return "\N{REPLACEMENT CHARACTER}" if "\ud800" <= character <= "\udfff" else character
