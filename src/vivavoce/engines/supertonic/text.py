"""From text to the numbers that the model reads: one for each character, no phonemes between.

The rules are those of the vendor's own package (``supertonic`` 1.3.1, ``core.py``, read 2026-11-21) but for four: a
character that the model does not know is left out where the package refuses the text; "@" is a word in English only;
abbreviations are for rewrite rules to spell out; and a unit that ends within a sentence ends in a comma, so that the voice
stays up, where the package would end it in a full stop.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from vivavoce.engines.supertonic.config import UNKNOWN
from vivavoce.speech import Boundary

_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("–‑—", "-"), **dict.fromkeys("“”", '"'), **dict.fromkeys("‘’´`", "'"),
        **dict.fromkeys("¯_[]|/#→←@", " "), **dict.fromkeys("♥☆♡©\\", ""),
    }
)  # fmt: skip
_CLOSE: Final = ",.!?;:'"
"""Marks that stand close to what is before them."""
_REPEATED_QUOTE: Final = re.compile(r"([\"'])\1+")
_ENDED: Final = re.compile(r"[.!?;:,'\")\]}…。」』】〉》›»]$")


def numbers(
    text: str, boundary: Boundary, language: str, tags: Sequence[str], table: Sequence[int]
) -> tuple[int, ...]:
    """``text`` as the model reads it; empty when there is nothing in it to say.

    ``language`` is a BCP 47 tag, ``tags`` the languages the model is told of (none: it is not told), ``table`` the number
    of every code point.
    """
    tag = language.partition("-")[0].lower()
    plain = _plain(text.replace("@", " at ") if tag == "en" else text, marks=bool(tags))
    known = "".join(c for c in plain if c.isspace() or _number(c, table) >= 0)
    for mark in _CLOSE:
        known = known.replace(f" {mark}", mark)
    said = " ".join(_REPEATED_QUOTE.sub(r"\1", known).split())
    if not any(c.isalnum() for c in said):
        return ()
    if not _ENDED.search(said):
        said += "." if boundary is Boundary.SENTENCE else ","
    if tags:
        tag = tag if tag in tags else UNKNOWN if UNKNOWN in tags else tags[0]
        said = f"<{tag}>{said}</{tag}>"
    return tuple(number for number in (_number(c, table) for c in said) if number >= 0)


def _plain(text: str, *, marks: bool) -> str:
    """``text`` decomposed, typographic signs as plain ones; without ``marks`` also without those that combine."""
    decomposed = unicodedata.normalize("NFKD", text).translate(_PLAIN)
    return "".join(c for c in decomposed if marks or not unicodedata.category(c).startswith("M"))


def _number(c: str, table: Sequence[int]) -> int:
    return table[ord(c)] if ord(c) < len(table) else -1
