"""From espeak-ng's blocks and events to chunks whose marks never come after their audio.

A mark needs its end, which is known when the next one begins. So audio is let out up to the beginning of the word
that is being spoken; with espeak-ng a word takes well under a millisecond to make. Phonemes tile the utterance: each
lasts until the next event, and a word's first one begins with its word (a stop's closure belongs to the stop).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vivavoce.engines.espeak_library import RATE_HZ, Event
from vivavoce.engines.words import Span, WordTrack
from vivavoce.speech import Chunk, SampleMark

_SLICE_BYTES: Final = RATE_HZ
"""Half a second of int16. A longer stretch (a word of hundreds of letters) leaves in several chunks."""


class Transcript:
    """Feed it an utterance's blocks in order; chunks come out, the last of them from :meth:`finish`."""

    def __init__(self, text: str, *, phonemes: bool) -> None:
        self._words = WordTrack(text)
        self._wants_phonemes = phonemes
        self._name: str | None = None
        """The phoneme being heard; ``None`` when a word has begun and its first phoneme is still to be told."""
        self._since = 0
        self._pending: list[tuple[str, int, int]] = []
        """Phonemes of the current word: name, start, stop."""
        self._marks: list[SampleMark] = []
        self._held = bytearray()
        self._out = 0
        """Samples let out so far."""

    def feed(self, pcm: bytes, events: list[Event]) -> Iterator[Chunk]:
        """A block and its events; chunks that are complete with it."""
        self._held += pcm
        settled = self._out
        for event in events:
            if event.kind == "phoneme":
                self._phoneme(event.name, event.sample)
            elif self._word(event.position, event.sample):
                settled = event.sample
        yield from self._let_out(settled)

    def finish(self, pause: int) -> Iterator[Chunk]:
        """Everything still held, its trailing zeros replaced by ``pause`` samples of silence."""
        spoken = len(self._held.rstrip(b"\0"))
        spoken += spoken % 2
        stop = self._out + spoken // 2
        self._end_phoneme(stop)
        self._words.finish(stop)
        self._marks += self._named(self._words.span, stop)
        if pause and self._wants_phonemes:
            at = self._words.span.stop
            self._marks.append(SampleMark("phoneme", "", stop, stop + pause, at, at))
        self._held[spoken:] = bytes(2 * pause)
        yield from self._let_out(stop + pause)

    def _word(self, position: int, sample: int) -> bool:
        """The library begins a word; ``True`` when one of the text's begins and everything before is settled."""
        if self._name:
            self._words.sound(sample)
        if not self._words.begin(position, sample):
            return False
        self._end_phoneme(sample)
        self._name = None
        self._marks += self._named(self._words.closed, sample)
        return True

    def _phoneme(self, name: str, sample: int) -> None:
        if self._name is not None:
            self._end_phoneme(sample)
        self._name = name

    def _end_phoneme(self, sample: int) -> None:
        if self._name:
            self._words.sound(sample)
        if sample > self._since:
            name, start = self._name or "", self._since
            if not name and self._pending and not self._pending[-1][0]:
                start = self._pending.pop()[1]  # silences in a row are one
            self._pending.append((name, start, sample))
            self._since = sample

    def _named(self, span: Span, limit: int) -> Iterator[SampleMark]:
        """Marks of the pending phonemes, which belong to the word at ``span`` and end by ``limit``."""
        pending, self._pending = self._pending, []
        for name, start, stop in pending if self._wants_phonemes else ():
            if start < limit:
                text_start = span.start if name else span.stop
                yield SampleMark("phoneme", name, start, min(stop, limit), text_start, span.stop)

    def _let_out(self, upto: int) -> Iterator[Chunk]:
        """The audio before sample ``upto``, with all marks that are ready."""
        size = min(2 * (upto - self._out), len(self._held))
        if size <= 0:
            return
        pcm = bytes(self._held[:size])
        del self._held[:size]
        self._out += size // 2
        ready, self._marks = self._words.take() + self._marks, []
        marks = tuple(sorted(ready, key=lambda mark: (mark.start, mark.kind != "word")))
        for at in range(0, size, _SLICE_BYTES):
            yield Chunk(pcm[at : at + _SLICE_BYTES], marks if at == 0 else ())
