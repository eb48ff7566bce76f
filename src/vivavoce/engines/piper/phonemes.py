"""Text to the numbers that a Piper voice reads, exactly as Piper makes them.

The rules (measured against piper-phonemize 1.1.0 and piper-tts 1.8.0): flags of a change of language go, the mark that
ended a clause stays, after ``,`` ``:`` ``;`` comes a space, all is decomposed (NFD) and each code point is a symbol;
clauses make a sentence until one ends it. ``[[...]]`` in the text holds symbols as they are to be read. A sentence is
then ``^ _ s _ s _ … $``, each symbol by the voice's own map; what the map lacks is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from vivavoce.engines.piper.config import BOS, EOS, PAD, SPACE, VoiceConfig
from vivavoce.engines.piper.espeak_text import Clause, EspeakText

SILENT: Final = -1
"""The word number of a symbol that belongs to no word: a space, a mark."""
_FLAG: Final = re.compile(r"\([^)]+\)")
_BLOCK: Final = re.compile(r"(\[\[.*?\]\])")


class Symbol(Struct, frozen=True):
    """What has a place in a voice's map: a code point, or a cluster of vowels."""

    value: str
    word: int
    """Number of the phoneme word it belongs to, counted over the whole text; SILENT for none."""


class PhonemeWord(Struct, frozen=True):
    """A word as it is read; in the library's order."""

    ipa: str
    part: int
    """Number of the part of the text that it comes from."""


class Part(Struct, frozen=True):
    """A stretch of the text that is read in one go, or a ``[[...]]`` of symbols."""

    start: int
    """Its place in the text; for symbols, of what stands between the brackets."""
    text: str
    given: bool
    """Whether it holds symbols."""


class Reading(Struct, frozen=True):
    """A text as symbols."""

    parts: tuple[Part, ...]
    sentences: tuple[tuple[Symbol, ...], ...]
    words: tuple[PhonemeWord, ...]


class Ids(Struct, frozen=True):
    """A sentence for the voice: numbers, and which of them each symbol became."""

    numbers: tuple[int, ...]
    symbols: tuple[Symbol, ...]
    """Those that the voice's map has."""
    starts: tuple[int, ...]
    """By symbol: where its numbers begin. The padding that follows belongs to the symbol before it."""


class _Words:
    """Counts the words of a text while its symbols are made."""

    def __init__(self) -> None:
        self.found: list[PhonemeWord] = []

    def symbols(self, ipa: str, part: int) -> Iterator[Symbol]:
        """The symbols of ``ipa``, whose words are divided by spaces."""
        for piece in re.split(r"( )", ipa):
            number = SILENT
            if piece not in ("", SPACE):
                number = len(self.found)
                self.found.append(PhonemeWord(piece, part))
            for character in piece:
                yield Symbol(character, number)


def read(text: str, config: VoiceConfig, espeak: EspeakText | None) -> Reading:
    """``text`` for a voice of ``config``. ``espeak`` is needed unless the voice reads letters.

    Raises EngineError when the library lacks the voice's language.
    """
    words = _Words()
    if config.phoneme_type == "text":
        letters = tuple(words.symbols(unicodedata.normalize("NFD", text), 0))
        return Reading((Part(0, text, False),), (letters,) if letters else (), tuple(words.found))
    assert espeak is not None
    parts = tuple(parts_of(text))
    sentences: list[list[Symbol]] = []
    after_block = False
    for number, part in enumerate(parts):
        if part.given:
            _append_block(sentences, parts, number, words)
        else:
            made = list(_sentences(espeak.clauses(config.espeak.voice, part.text), number, words, config))
            if after_block and made:
                sentences[-1] += made.pop(0)
            sentences += made
        after_block = part.given
    return Reading(parts, tuple(tuple(s) for s in sentences if s), tuple(words.found))


def parts_of(text: str) -> Iterator[Part]:
    """``text`` cut at its ``[[...]]`` blocks; every text has at least one part."""
    at = 0
    for piece in _BLOCK.split(text):
        if piece.startswith("[[") and piece.endswith("]]") and len(piece) >= 4:
            yield Part(at + 2, piece[2:-2], True)
        elif piece or not text:
            yield Part(at, piece, False)
        at += len(piece)


def _append_block(sentences: list[list[Symbol]], parts: Sequence[Part], number: int, words: _Words) -> None:
    """Symbols that the text gives go to the sentence before them, spaced as the text around them is."""
    if not sentences:
        sentences.append([])
    before = parts[number - 1].text if number else ""
    after = parts[number + 1].text if number + 1 < len(parts) else ""
    sentence = sentences[-1]
    if before.endswith(SPACE):
        sentence.append(Symbol(SPACE, SILENT))
    sentence += words.symbols(parts[number].text.strip(), number)
    if after.startswith(SPACE):
        sentence.append(Symbol(SPACE, SILENT))


def _sentences(
    clauses: Iterable[Clause], part: int, words: _Words, config: VoiceConfig
) -> Iterator[list[Symbol]]:
    """Clauses joined until one ends its sentence. A sentence may be empty."""
    current: list[Symbol] = []
    for clause in clauses:
        current += words.symbols(unicodedata.normalize("NFD", _FLAG.sub("", clause.ipa)), part)
        if clause.end.mark:
            current.append(Symbol(clause.end.mark, SILENT))
        if clause.end.mark in (",", ":", ";") and clause.end.mark:
            current.append(Symbol(SPACE, SILENT))
        if clause.end.ends_sentence:
            yield _clustered(current, config.vowel_clusters)
            current = []
    if current:
        yield _clustered(current, config.vowel_clusters)


def _clustered(symbols: list[Symbol], clusters: Sequence[Sequence[str]]) -> list[Symbol]:
    """Vowels that the voice has one symbol for, put together; the longest first."""
    if not clusters:
        return symbols
    known = {tuple(cluster) for cluster in clusters}
    longest = max(map(len, known))
    found: list[Symbol] = []
    at = 0
    while at < len(symbols):
        sizes = range(min(longest, len(symbols) - at), 1, -1)
        size = next((n for n in sizes if tuple(s.value for s in symbols[at : at + n]) in known), 1)
        found.append(Symbol("".join(s.value for s in symbols[at : at + size]), symbols[at].word))
        at += size
    return found


def ids_of(sentence: Sequence[Symbol], config: VoiceConfig) -> Ids:
    """The numbers of ``sentence``."""
    table = config.phoneme_id_map
    pad = table[PAD]
    numbers = [*table[BOS], *pad]
    symbols: list[Symbol] = []
    starts: list[int] = []
    for symbol in sentence:
        if own := table.get(symbol.value):
            symbols.append(symbol)
            starts.append(len(numbers))
            numbers += [*own, *pad]
    return Ids((*numbers, *table[EOS]), tuple(symbols), tuple(starts))


def shortened(sentence: Sequence[Symbol], limit: int) -> Iterator[Sequence[Symbol]]:
    """``sentence`` in parts of at most ``limit`` symbols, cut at spaces where there are any.

    A voice's text encoder compares every symbol with every other: a sentence without bound has no bound of memory.
    """
    start = 0
    while len(sentence) - start > limit:
        spaces = (i for i in range(start + limit, start + limit // 2, -1) if sentence[i].value == SPACE)
        stop = next(spaces, start + limit)
        yield sentence[start:stop]
        start = stop
    yield sentence[start:]
