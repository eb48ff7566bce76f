"""What flite is given of an utterance, and what is kept of the audio it makes from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from vivavoce.engines.arpabet import ipa
from vivavoce.engines.boundaries import pause_samples
from vivavoce.engines.flite_library import RATE_HZ, Reading
from vivavoce.engines.words import WordTrack
from vivavoce.speech import Boundary, Chunk, SampleMark

LEAD_S: Final = 0.02
"""How much of the silence before the first sound is kept."""
_PIECE_EFFORT: Final = 200
"""Bound on what one C call is given, in letters of ordinary words; see :func:`_effort`."""
_LONG_WORD: Final = 24
"""Letters after which a word is no word any more, and will be spelled."""


class Piece(Struct, frozen=True):
    """A part of an utterance's text that one C call speaks."""

    text: str
    start: int
    """Its offset in the utterance's text."""
    boundary: Boundary


class PieceAudio:
    """Cuts a piece's audio to what is wanted of it, and marks it."""

    def __init__(
        self,
        piece: Piece,
        origins: tuple[int, ...],
        base: int,
        speed: float,
        *,
        phonemes: bool,
        pause: float = 1.0,
    ) -> None:
        """``pause`` scales the pause that follows the piece."""
        self._piece = piece
        self._origins = origins
        self._base = base
        """Sample of the utterance that this piece begins at."""
        self._pause = pause_samples(piece.boundary, speed, RATE_HZ, pause)
        self._phonemes = phonemes
        self._skip = 0
        """Samples at the beginning that are still to be dropped."""
        self._owed = self._pause
        """Samples that are still to come."""
        self._marks: tuple[SampleMark, ...] = ()

    @property
    def complete(self) -> bool:
        return self._owed == 0

    def read(self, reading: Reading) -> None:
        """Takes the times; the marks go with the first samples."""
        own = [word for word in reading.words if word.at < len(self._origins)]
        if not own:
            self._owed, self._skip = self._pause, _samples(reading.segments[-1].stop_s)
            return
        self._skip = max(0, _samples(own[0].start_s - LEAD_S))
        stop = _samples(own[-1].stop_s) - self._skip
        self._owed = stop + self._pause
        track = WordTrack(self._piece.text)
        for word in own:
            track.begin(self._origins[word.at], max(0, _samples(word.start_s) - self._skip))
            track.sound(_samples(word.stop_s) - self._skip)
        track.finish(stop)
        words = track.take()
        sounds = self._sounds(reading, words, stop) if self._phonemes else iter(())
        marks = sorted([*words, *sounds], key=lambda mark: (mark.start, mark.kind != "word"))
        self._marks = tuple(map(self._moved, marks))

    def feed(self, pcm: bytes) -> Chunk | None:
        """More of the library's samples."""
        dropped = min(self._skip, len(pcm) // 2)
        self._skip -= dropped
        return self._chunk(pcm[2 * dropped :])

    def finish(self) -> Chunk | None:
        """Silence for what the library's samples fell short of."""
        return self._chunk(bytes(2 * self._owed))

    def _chunk(self, pcm: bytes) -> Chunk | None:
        pcm = pcm[: 2 * self._owed]
        if not pcm:
            return None
        self._owed -= len(pcm) // 2
        marks, self._marks = self._marks, ()
        return Chunk(pcm, marks)

    def _sounds(self, reading: Reading, words: Sequence[SampleMark], stop: int) -> Iterator[SampleMark]:
        """The segments up to ``stop`` and the pause, as phoneme marks that tile the piece."""
        position, number, silent_since = 0, -1, -1
        for segment in reading.segments:
            end = min(stop, _samples(segment.stop_s) - self._skip)
            value = ipa(segment.name)
            if not value:
                silent_since = position if silent_since < 0 else silent_since
            elif end > position:
                silence_end = position
                while number + 1 < len(words) and words[number + 1].start <= position:
                    number += 1
                word = words[max(0, number)]
                if 0 <= silent_since < silence_end:
                    yield SampleMark(
                        "phoneme", "", silent_since, silence_end, word.text_start, word.text_start
                    )
                silent_since = -1
                yield SampleMark("phoneme", value, position, end, word.text_start, word.text_stop)
            position = max(position, end)
        if self._pause:
            at = words[-1].text_stop
            yield SampleMark("phoneme", "", stop, stop + self._pause, at, at)

    def _moved(self, mark: SampleMark) -> SampleMark:
        """``mark`` of this piece as one of the utterance."""
        base, start = self._base, self._piece.start
        return SampleMark(
            mark.kind,
            mark.value,
            base + mark.start,
            base + mark.stop,
            start + mark.text_start,
            start + mark.text_stop,
        )


def pieces(text: str, boundary: Boundary) -> Iterator[Piece]:
    """``text`` in parts that keep one C call short, cut between words, and within a word only when it is longer.

    Usually there is just one. An empty text gives one piece, which is a pause.
    """
    efforts = list(_efforts(text))
    start = total = 0
    gap = 0
    """Where the last white space of the current piece ends."""
    for i, c in enumerate(text):
        gap = i + 1 if c.isspace() else gap
        total += efforts[i]
        if total > _PIECE_EFFORT and i > start:
            stop = gap if gap > start else i
            yield Piece(text[start:stop], start, Boundary.NONE)
            total = sum(efforts[stop : i + 1])
            start = stop
    yield Piece(text[start:], start, boundary)


def _efforts(text: str) -> Iterator[int]:
    """How much speech each character makes, in letters: a digit is a word, so is a symbol."""
    run = 0
    for c in text:
        run = run + 1 if c.isalpha() else 0
        if c.isalpha():
            yield (1 if c.isascii() else 2) if run <= _LONG_WORD else 4
        elif c in " \t\n\r.,;:!?'\"-()":
            yield 1
        else:
            yield 5 if c.isascii() else 8


def _samples(seconds: float) -> int:
    return round(seconds * RATE_HZ)
