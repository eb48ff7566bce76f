"""Any text as the ASCII that an English-only library can say, with the way back to every character.

Accents are dropped, typographic marks become their plain relatives, and what has no ASCII form is named: a symbol or
emoji by its Unicode name, a foreign letter by its own ("pe", "er"), kana and Hangul by their reading. Only what is
silent by nature (combining marks, joiners, unassigned characters) disappears.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from msgspec import Struct

_PLAIN: Final = {
    "&": " and ", "<": " less than ", ">": " greater than ",
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"',
    "‹": "'", "›": "'", "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": ", ", "―": ", ", "−": "-", "⁄": "/", "…": "...",
    "¿": "", "¡": "", "、": ", ", "。": ". ", "؟": "?", "،": ",", "؛": ";", "।": ".", "·": " ", "•": " ",
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "th", "Ð": "Th", "þ": "th", "Þ": "Th", "ı": "i",
    "×": " times ", "÷": " divided by ", "±": " plus or minus ", "°": " degrees ", "€": " euros ", "£": " pounds ",
    "¥": " yen ", "₹": " rupees ", "§": " section ",
}  # fmt: skip
_SILENT: Final = frozenset({"Mn", "Mc", "Me", "Cf", "Sk", "Cn", "Co", "Cs"})
_LETTER: Final = (" LETTER ", " SYLLABLE ", " VOWEL SIGN ")


class Folded(Struct, frozen=True):
    """A text in ASCII."""

    text: str
    origins: tuple[int, ...]
    """For every character of ``text`` the offset of the character it came from; never descending."""


def fold(text: str) -> Folded:
    """``text`` in printable ASCII; every other kind of white space and all control characters are spaces."""
    parts = [_fold(c) for c in text]
    origins = tuple(i for i, part in enumerate(parts) for _ in part)
    return Folded("".join(parts), origins)


def _fold(c: str) -> str:
    if c in _PLAIN:
        return _PLAIN[c]
    if " " <= c <= "~":
        return c
    category = unicodedata.category(c)
    if category == "Cc" or category.startswith("Z"):
        return " "
    if category in _SILENT:
        return ""
    plain = "".join(_PLAIN.get(d, d) for d in unicodedata.normalize("NFKD", c))
    plain = "".join(d for d in plain if " " <= d <= "~")
    return plain if plain.strip() else _said(c, category)


def _said(c: str, category: str) -> str:
    """What to say for a character that has no ASCII form."""
    if category[0] == "P":
        return {"Pd": "-", "Ps": " (", "Pe": ") ", "Pi": '"', "Pf": '"'}.get(category, ", ")
    digit = unicodedata.digit(c, None)
    if digit is not None:
        return str(digit)
    name = unicodedata.name(c, "")
    if name.startswith(("HIRAGANA LETTER", "KATAKANA LETTER", "HANGUL SYLLABLE")):
        return name.split()[-1].lower()
    for kind in _LETTER:
        _, found, own = name.partition(kind)
        if found:
            return f" {own.lower()} "
    if "IDEOGRAPH" in name or not name:
        return " character "
    return f" {name.removesuffix(' SIGN').lower()} ".replace("-", " ")
