"""Marks: from an engine's samples and the utterance's text to heard seconds and the caller's own text."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import takewhile

from vivavoce.speech import Mark, SampleMark
from vivavoce.text.spans import SpannedText


class CallerText:
    """The caller's text as far back as it is still needed."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, str]] = deque()
        self._length = 0

    def feed(self, text: str) -> None:
        """What the caller has written next."""
        if text:
            self._pieces.append((self._length, text))
            self._length += len(text)

    def between(self, start: int, stop: int) -> str:
        """The characters from ``start`` to ``stop``; what was forgotten is missing."""
        # What has been spoken is forgotten, so the first pieces are the ones: all that waits behind is not looked at.
        found = takewhile(lambda piece: piece[0] < stop, self._pieces)
        return "".join(text[max(0, start - at) : stop - at] for at, text in found if at + len(text) > start)

    def forget(self, before: int) -> None:
        """Characters before ``before`` will not be asked for again."""
        while self._pieces and self._pieces[0][0] + len(self._pieces[0][1]) <= before:
            self._pieces.popleft()


def heard(
    mark: SampleMark,
    spoken: SpannedText,
    source: str,
    source_start: int,
    time_s: Callable[[int], float],
    base: int,
) -> Mark:
    """``mark`` of an utterance that begins at sample ``base`` of its stream.

    ``source`` is the caller's text from ``source_start`` on, as far as the utterance covers it.
    """
    start, stop = spoken.source(mark.text_start, mark.text_stop)
    value = source[start - source_start : stop - source_start] if mark.kind == "word" else mark.value
    return Mark(mark.kind, value, time_s(base + mark.start), time_s(base + mark.stop), start, stop)


class Characters:
    """Character marks for a whole stream: every character of every unit once, in order, times never going back.

    Words share out their time evenly, as no engine here knows better; what stands between words lies between their
    times. Units that do not touch in the caller's text are joined by one space.
    """

    def __init__(self) -> None:
        self._at = 0
        self._stop_s = 0.0
        self._source = ""
        self._source_start = 0

    def begin(self, source: str, source_start: int) -> Iterator[Mark]:
        """A unit begins that covers ``source``."""
        gap = 0 < self._at < source_start
        self._source, self._source_start = source, source_start
        if gap:
            yield Mark("character", " ", self._stop_s, self._stop_s, self._at, self._at + 1)
        self._at = source_start

    def word(self, word: Mark) -> Iterator[Mark]:
        """A word of the current unit."""
        yield from self._upto(word.text_start, self._stop_s, max(self._stop_s, word.start_s))
        yield from self._upto(word.text_stop, max(self._stop_s, word.start_s), max(self._stop_s, word.stop_s))

    def end(self, stop_s: float) -> Iterator[Mark]:
        """The current unit's audio ends at ``stop_s``."""
        yield from self._upto(self._source_start + len(self._source), self._stop_s, max(self._stop_s, stop_s))

    def _upto(self, stop: int, start_s: float, stop_s: float) -> Iterator[Mark]:
        count = stop - self._at
        if count <= 0:
            return
        each = (stop_s - start_s) / count
        for i in range(count):
            value = self._source[self._at - self._source_start + i]
            begin = start_s + i * each
            yield Mark("character", value, begin, begin + each, self._at + i, self._at + i + 1)
        self._at, self._stop_s = stop, stop_s
