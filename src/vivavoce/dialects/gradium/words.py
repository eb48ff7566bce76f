"""Which words of the request's text are heard when: from marks to ``text`` messages.

Gradium sends one message a word, punctuation attached and no space around it, which clients join with spaces. So a
word here is what stands between white space and tags in the text as it was sent. Rewriting may make several spoken
words of one ("1234"), which then begins with the first and ends with the last that is known when it is sent. What no
voice says (a lone dash) is no word. In scripts without spaces a word is what the engine takes for one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from vivavoce.speech import Mark
from vivavoce.text.markup import MAX_TAG_CHARS, tag_at
from vivavoce.text.punctuation import is_unspaced

_RUN: Final = re.compile(r"[^\s<]*")
_TRIM_CHARS: Final = 8192


class Word(Struct):
    """One word and when it is heard, in seconds of the request's audio."""

    text: str
    start_s: float
    stop_s: float


class Words:
    """The words of one request. Each is given out once, in order; times never go back."""

    def __init__(self) -> None:
        self._fed: list[str] = []
        """Text that nobody has looked at yet."""
        self._text = ""
        self._base = 0
        """Offset in the request's text at which ``_text`` begins; earlier words are forgotten."""
        self._at = 0
        """Up to where ``_text`` has been given out."""
        self._stop = 0
        """Where the word ends in whose middle ``_at`` is."""
        self._unspaced = False
        """Whether that word is of a script without spaces."""
        self._start_s = 0.0
        self._stop_s = 0.0

    def feed(self, text: str) -> None:
        """More of the request's text, as the session gets it."""
        self._fed.append(text)

    def heard(self, marks: Sequence[Mark], shift_s: float = 0.0) -> list[Word]:
        """The words that ``marks``, in the order of time, tell of. ``shift_s`` is added to their times."""
        self._take_up()
        out: list[Word] = []
        for mark in marks:
            start_s = max(self._start_s, round(mark.start_s + shift_s, 6))
            self._stop_s = max(self._stop_s, start_s, round(mark.stop_s + shift_s, 6))
            if word := self._word(mark):
                out.append(Word(word, start_s, self._stop_s))
                self._start_s = start_s
            elif out:
                out[-1].stop_s = self._stop_s
        return out

    def _take_up(self) -> None:
        """Go on to the text that was fed since, and forget what is done with."""
        if self._fed:
            done = self._at if self._at >= _TRIM_CHARS else 0
            self._text = "".join((self._text[done:], *self._fed))
            self._fed = []
            self._base += done
            self._at -= done
            self._stop -= done

    def _word(self, mark: Mark) -> str:
        """The word that ``mark`` lies in; "" when that has been given out."""
        start, stop = mark.text_start - self._base, mark.text_stop - self._base
        if not self._at <= start < len(self._text):
            return ""
        if start >= self._stop:
            self._at, self._stop = self._begin_of(start), self._end_of(start)
            self._unspaced = any(map(is_unspaced, self._text[self._at : self._stop]))
        begin = self._at
        self._at = self._part(max(start, stop - 1)) if self._unspaced else self._stop
        return self._text[begin : self._at].strip()

    def _begin_of(self, at: int) -> int:
        """Where the word around ``at`` begins."""
        while at > self._at and not self._text[at - 1].isspace() and not self._after_tag(at):
            at -= 1
        return at

    def _after_tag(self, at: int) -> bool:
        if self._text[at - 1] != ">":
            return False
        start = self._text.rfind("<", max(0, at - MAX_TAG_CHARS), at)
        tag = tag_at(self._text, start) if start >= 0 else None
        return tag is not None and tag.stop == at

    def _end_of(self, at: int) -> int:
        """Where the word around ``at`` ends."""
        stop = _run(self._text, at + 1)
        while self._text.startswith("<", stop) and tag_at(self._text, stop) is None:
            stop = _run(self._text, stop + 1)
        return stop

    def _part(self, last: int) -> int:
        """Where the part of the word at hand ends whose mark ends at ``last``: after the punctuation behind it."""
        stop = last + 1
        while stop < self._stop and not self._text[stop].isalnum():
            stop += 1
        return min(stop, self._stop)


def _run(text: str, at: int) -> int:
    """Where the run without white space and "<" ends that begins at ``at``."""
    found = _RUN.match(text, at)
    assert found is not None, "the pattern matches nothing too"
    return found.end()
