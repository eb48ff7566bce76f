"""An utterance made ready to be spoken: its sentences as numbers, and which stretch of its text each one is.

Each section has a stretch of the text of its own, so that its marks can be told as soon as its durations are known.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from vivavoce.engines.boundaries import bare, ends_in_clause_mark
from vivavoce.engines.piper.config import VoiceConfig
from vivavoce.engines.piper.espeak_text import EspeakText
from vivavoce.engines.piper.phonemes import SILENT, Ids, Part, Reading, ids_of, read, shortened
from vivavoce.engines.piper.words import feed_words, phoneme_marks, places, timed
from vivavoce.engines.words import WordTrack, tokens
from vivavoce.speech import Boundary, SampleMark

MAX_SYMBOLS: Final = 400
"""Of one section: the front's memory grows with the square of it."""


class Section(Struct, frozen=True):
    """A sentence, or a part of a very long one."""

    ids: Ids
    start: int
    """Where its stretch of the text begins."""
    text: str
    """That stretch; empty for a section without words."""
    at: dict[int, int]
    """By word number: its place in the stretch."""


class Marks(Struct, frozen=True):
    """The marks of a section, and where its last word ends."""

    marks: tuple[SampleMark, ...]
    voiced: int


def sections(text: str, boundary: Boundary, config: VoiceConfig, espeak: EspeakText | None) -> list[Section]:
    """``text`` in sections; none when there is nothing to say. Raises EngineError."""
    reading = read(worded(text, boundary), config, espeak)
    if not reading.words:
        return []
    at = [min(place, len(text) - 1) for place in _places(reading, config, espeak)]
    made = [
        ids_of(part, config) for sentence in reading.sentences for part in shortened(sentence, MAX_SYMBOLS)
    ]
    return list(_with_text(text, [ids for ids in made if ids.symbols], at))


def worded(text: str, boundary: Boundary) -> str:
    """``text`` with the mark at its end that ``boundary`` asks for; what stands before keeps its place."""
    if text.rstrip().endswith("]]"):
        return text
    match boundary:
        case Boundary.NONE:
            return bare(text)
        case Boundary.CLAUSE if not ends_in_clause_mark(text):
            return bare(text) + ","
        case Boundary.SENTENCE if ends_in_clause_mark(text):
            return bare(text) + "."
    return text


def _places(reading: Reading, config: VoiceConfig, espeak: EspeakText | None) -> Iterator[int]:
    """For each word of ``reading`` its place in the text."""
    for number, words in itertools.groupby(reading.words, key=lambda word: word.part):
        part, read_as = reading.parts[number], [word.ipa for word in words]
        if part.given or espeak is None:
            yield from _literal_places(part, read_as)
            continue
        voice = config.espeak.voice

        def alone(token: str, espeak: EspeakText = espeak, voice: str = voice) -> str:
            return "".join(clause.ipa for clause in espeak.clauses(voice, token))

        found = places(part.text, read_as, espeak.events(voice, part.text), alone)
        yield from (part.start + place for place in found)


def _literal_places(part: Part, words: Sequence[str]) -> Iterator[int]:
    """Places of words that are written as they are read."""
    found = tokens(part.text)
    for i in range(len(words)):
        yield part.start + (found[min(i, len(found) - 1)].start if found else 0)


def _with_text(text: str, made: Sequence[Ids], at: Sequence[int]) -> Iterator[Section]:
    """Sections with their stretches of ``text``, which follow each other without a gap."""
    words = [sorted({s.word for s in ids.symbols} - {SILENT}) for ids in made]
    begins: list[int] = []
    for own in words:
        begin = _token_start(text, at[own[0]]) if own and any(begins_at >= 0 for begins_at in begins) else 0
        begins.append(max([begin, *begins]) if own else -1)
    for i, ids in enumerate(made):
        if not words[i]:
            yield Section(ids, 0, "", {})
            continue
        stop = next((begin for begin in begins[i + 1 :] if begin >= 0), len(text))
        start = begins[i]
        placed = {word: min(max(at[word] - start, 0), max(stop - start - 1, 0)) for word in words[i]}
        yield Section(ids, start, text[start:stop], placed)


def _token_start(text: str, at: int) -> int:
    """Where the token of a word at ``at`` begins, unless letters of another word stand between."""
    start = at
    while start > 0 and not text[start - 1].isspace() and not text[start - 1].isalnum():
        start -= 1
    return start if start == 0 or text[start - 1].isspace() else at


def marks_of(section: Section, samples: Sequence[int], base: int, stop: int, *, phonemes: bool) -> Marks:
    """The marks of ``section``, which is heard from sample ``base``. ``samples`` has the length of each number's
    sound; ``stop`` is where the section's audio ends, pause included."""
    symbols = timed(section.ids, samples, base)
    voiced = max((sound.stop for sound in symbols if sound.symbol.word != SILENT), default=base)
    words: list[SampleMark] = []
    if section.text.strip():
        track = WordTrack(section.text)
        feed_words(track, symbols, section.at)
        track.finish(voiced)
        words = [_moved(mark, section.start) for mark in track.take()]
    sounds = phoneme_marks(symbols, words, base, stop) if phonemes else ()
    return Marks(tuple(sorted([*words, *sounds], key=lambda mark: (mark.start, mark.kind != "word"))), voiced)


def _moved(mark: SampleMark, by: int) -> SampleMark:
    return SampleMark(mark.kind, mark.value, mark.start, mark.stop, mark.text_start + by, mark.text_stop + by)
