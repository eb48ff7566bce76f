"""Words: from what a library says it is speaking to one mark for each word of the text.

Libraries report more and other words than the text has: a number becomes several, their places drift by a character
or two, two small words become one. Here every word of the text gets exactly one mark, in order, from the start of
its first sound to the end of its last. A word is what stands between white space, with the punctuation attached to
it; in scripts written without spaces it is what the library takes for a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from vivavoce.speech import SampleMark

_TOKEN: Final = re.compile(r"\S+")
_LEADING: Final = re.compile(r"[\s\-–—_()<>\[\]{}\"'«»‘’‚‛“”„‟‖‗―《》.,;:!?¿¡…、。，！？；：]+")
"""What a library's position may point at although the word begins behind it (espeak-ng, after "X." or " - ")."""
_SPACELESS: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, kana and Han."""


class Span(Struct, frozen=True):
    """A stretch of the text, half open, in code points."""

    start: int
    stop: int


def tokens(text: str) -> list[Span]:
    """The words of ``text`` as white space divides them."""
    return [Span(*found.span()) for found in _TOKEN.finditer(text)]


class WordTrack:
    """Builds the word marks of one utterance while it is spoken.

    Call :meth:`begin` for each word that the library reports and :meth:`sound` for the stretches of sound, both in
    the order of time, then :meth:`finish`; marks are ready as soon as the next word of the text has begun.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = 0
        """Number of the first token that has not begun."""
        self._span: Span | None = None
        """The current word's place in the text."""
        self.closed = Span(0, 0)
        """The place of the word that ended last."""
        self._start = self._stop = 0
        self._ready: list[SampleMark] = []

    @property
    def span(self) -> Span:
        """The current word's place; an empty span at the beginning before there is one."""
        return self._span or Span(0, 0)

    def begin(self, at: int, sample: int) -> bool:
        """The library begins a word about ``at`` (code points) at ``sample``. ``True`` if one of the text's begins."""
        if not self._tokens:
            return False
        at = self._settle(at)
        if self._span is not None and (
            self._next == len(self._tokens) or at < self._tokens[self._next].start
        ):
            return self._further(at, sample)
        index = self._index(at)
        skipped = [token for token in self._tokens[self._next : index] if self._sayable(token)]
        if self._span is None:
            self._ready += [self._mark(token, sample, sample) for token in skipped]
        else:
            self._close(sample, skipped)
        self._next = index + 1
        self._open(self._tokens[index], sample)
        return True

    def sound(self, stop: int) -> None:
        """The current word is heard up to sample ``stop``."""
        self._stop = max(self._stop, stop)

    def finish(self, samples: int) -> None:
        """The utterance's audio ends at ``samples``; all marks are ready."""
        if self._span is not None:
            self._close(samples, [token for token in self._tokens[self._next :] if self._sayable(token)])

    def take(self) -> list[SampleMark]:
        """The marks that have become ready since the last call."""
        ready, self._ready = self._ready, []
        return ready

    def _further(self, at: int, sample: int) -> bool:
        """A word begins within the current one's white space; it is one of the text's where no spaces are written."""
        span = self.span
        if not (span.start < at < span.stop and _begins_spaceless(self._text, at)):
            return False
        self._span = Span(span.start, at)
        self._close(sample, [])
        self._open(Span(at, span.stop), sample)
        return True

    def _settle(self, at: int) -> int:
        """``at`` moved to where its word begins, never back before the current word."""
        at = min(max(at, self.span.start), len(self._text) - 1)
        found = _LEADING.match(self._text, at)
        return found.end() if found and found.end() < len(self._text) else at

    def _index(self, at: int) -> int:
        """Number of the last token that starts at or before ``at``, of those that have not begun if any are left."""
        index = self._next
        while index + 1 < len(self._tokens) and self._tokens[index + 1].start <= at:
            index += 1
        return min(index, len(self._tokens) - 1)

    def _sayable(self, token: Span) -> bool:
        return any(c.isalnum() for c in self._text[token.start : token.stop])

    def _open(self, span: Span, sample: int) -> None:
        self._span, self._start, self._stop = span, sample, sample

    def _close(self, limit: int, merged: list[Span]) -> None:
        """The current word is over. Those that the library has ``merged`` into it share its time by their letters."""
        assert self._span is not None
        self.closed = self._span
        stop = min(self._stop if self._stop > self._start else limit, limit)
        spans = [self._span, *merged]
        weights = [max(1, sum(c.isalnum() for c in self._text[s.start : s.stop])) for s in spans]
        start = min(self._start, limit)
        edges = [start, *_edges(start, max(start, stop), weights)]
        self._ready += [self._mark(s, *edges[i : i + 2]) for i, s in enumerate(spans)]

    def _mark(self, span: Span, start: int, stop: int) -> SampleMark:
        return SampleMark("word", self._text[span.start : span.stop], start, stop, span.start, span.stop)


def _begins_spaceless(text: str, at: int) -> bool:
    """Whether a word of a script without spaces can begin at ``at``: not with a sign that combines with the last."""
    return _SPACELESS.match(text, at) is not None and not unicodedata.category(text[at]).startswith("M")


def _edges(start: int, stop: int, weights: list[int]) -> Iterator[int]:
    """Where each share of ``start`` to ``stop`` ends."""
    total, done = sum(weights), 0
    for weight in weights:
        done += weight
        yield start + (stop - start) * done // total
