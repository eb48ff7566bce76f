"""Pronunciation dictionaries: a caller's own words and phrases, replaced before the rewrite rules see the text.

The entries live in one tree of characters, walked once from each place where an entry may begin, so that a thousand
entries cost what ten do.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from msgspec import Struct

from vivavoce.errors import EmptyTextError
from vivavoce.text.rewrite import language_rules
from vivavoce.text.spans import SpannedText

__all__ = ["Dictionary", "Entry", "language_rules"]

# Scripts written without spaces between words, and Hangul, whose words carry their particles: no edge to ask for.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1100, 0x11FF),  # Hangul Jamo
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x318F),  # CJK radicals, kana, bopomofo, Hangul compatibility
    (0x31A0, 0x9FFF),  # kana extensions, Han
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),  # Han compatibility
    (0xFF66, 0xFF9F),  # half-width kana
    (0x20000, 0x3FFFF),  # Han extensions
)


class Entry(Struct, frozen=True):
    """One word or phrase and what to say for it."""

    original: str
    """Not blank. Runs of white space match any white space; typographic apostrophes match plain ones."""
    rewrite: str
    """May be empty: the word is not said."""
    case_sensitive: bool = False
    partial: bool = False
    """Also inside longer words."""


class _Node:
    """A place in the tree: what may follow, and the entries that end here."""

    __slots__ = ("entries", "following")

    def __init__(self) -> None:
        self.following: dict[str, _Node] = {}
        self.entries: list[Entry] = []


class Dictionary:
    """Entries compiled once, applied to many texts. Holds no state between texts.

    Raises :class:`EmptyTextError` for an entry whose ``original`` is blank.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._root = _Node()
        for entry in entries:
            self._add(entry)

    def apply(self, text: SpannedText) -> SpannedText:
        """``text`` with every entry replaced, left to right, the longest match first; replaced text is not read again.

        Of entries that match equally far the case-sensitive ones go first, then the earlier ones. An entry matches
        whole words: no letter, digit or underscore beside it, except in scripts without spaces (Chinese, Japanese,
        Korean, Thai …) and where it is ``partial``. The same object when nothing matches.
        """
        if not self._root.following:
            return text
        changes = list(self._changes(text.text))
        return text.replace(changes) if changes else text

    def _add(self, entry: Entry) -> None:
        key = " ".join(entry.original.split())
        if not key:
            raise EmptyTextError("a dictionary entry needs an original that is not blank", param="original")
        node = self._root
        for char in key:
            node = node.following.setdefault(_folded(char), _Node())
        node.entries.append(entry)
        # Stable, so that the caller's order decides between equals.
        node.entries.sort(key=lambda known: not known.case_sensitive)

    def _changes(self, text: str) -> Iterator[tuple[int, int, str]]:
        at = 0
        while at < len(text):
            found = self._longest(text, at)
            if found is None:
                at += 1
                continue
            stop, entry = found
            yield at, stop, entry.rewrite
            at = stop

    def _longest(self, text: str, start: int) -> tuple[int, Entry] | None:
        """The longest match that begins at ``start``: where it ends, and its entry."""
        node: _Node | None = self._root.following.get(_folded(text[start]))
        best, at = None, start + 1
        while node is not None:
            for entry in node.entries:
                if _fits(entry, text, start, at):
                    best = at, entry
                    break
            if at == len(text):
                break
            key = _folded(text[at])
            node = node.following.get(key)
            at = _past_space(text, at) if key == " " else at + 1
        return best


def _folded(char: str) -> str:
    """``char`` as the tree knows it: lower case, one kind of space and apostrophe. Always one character."""
    if char.isspace():
        return " "
    lower = char.lower()
    return "'" if char in "’ʼ＇" else lower if len(lower) == 1 else char


def _past_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _fits(entry: Entry, text: str, start: int, stop: int) -> bool:
    """Whether ``text[start:stop]``, equal but for case and space, is a match of ``entry``."""
    if entry.case_sensitive and _exact(text[start:stop]) != _exact(entry.original):
        return False
    return entry.partial or (_edge(text, start - 1, start) and _edge(text, stop, stop - 1))


def _exact(words: str) -> str:
    """``words`` with white space and apostrophes made equal, their case kept."""
    return " ".join(words.split()).replace("’", "'").replace("ʼ", "'").replace("＇", "'")


def _edge(text: str, outside: int, inside: int) -> bool:
    """Whether a word may end between the neighbours ``outside`` and ``inside``."""
    if not 0 <= outside < len(text):
        return True
    return not _is_word(text[outside]) or _is_unspaced(text[outside]) or _is_unspaced(text[inside])


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"


def _is_unspaced(char: str) -> bool:
    return any(low <= ord(char) <= high for low, high in _UNSPACED)
