"""What cannot be said, taken out of a unit's text without losing the way back to the caller's characters.

White space, control characters, characters without width, U+FFFD and lone surrogates are *blank*: at the ends of a unit they
are no part of it, within it a run of them is heard as one space, or as nothing where none of them separates words
(a soft hyphen, a byte order mark). Two surrogates that belong together, which a client cutting UTF-16 text may send
as two characters, become the character they mean. Zero-width joiners stay: emoji and Persian are spelt with them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from vivavoce.text.spans import SpannedText

WIDTHLESS: Final = r"\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
"""Characters that are neither seen nor heard, as the inside of a regular expression's class."""

_LONE: Final = r"[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]"
_BLANK: Final = rf"(?:[\s{WIDTHLESS}\ufff9-\uffff]|{_LONE})+"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LEADING: Final = re.compile(_BLANK)
# Read backwards, from the end: a search for a run at the end would try every run before it.
_TRAILING: Final = re.compile(
    rf"(?:[\s{WIDTHLESS}\ufff9-\uffff]|[\udc00-\udfff](?![\ud800-\udbff])|(?<![\udc00-\udfff])[\ud800-\udbff])*"
)
_INVISIBLE: Final = re.compile(rf"[\s\x00-\x1f\x7f-\x9f{WIDTHLESS}]*")
_MENDED: Final = re.compile(rf"(?P<pair>[\ud800-\udbff][\udc00-\udfff])|{_BLANK}")
_SEPARATING: Final = re.compile(rf"[^{WIDTHLESS}]")
_WORD: Final = re.compile(r"[^\W_]")

_SAID: Final = frozenset("%&@§‰")
"""Punctuation by its Unicode category that a voice says."""
_DRAWN: Final = frozenset("|~=<>^`")
"""Symbols by their Unicode category that stand for lines and frames when they stand alone."""


def level(text: str) -> str:
    """``text`` with each control character but tab, line feed and carriage return turned into a space."""
    return _CONTROL.sub(" ", text)


def leading_blank(text: str, complete: bool) -> int:
    """How many characters at the start of ``text`` are blank.

    Unless ``complete``, a last high surrogate is not counted: its other half may come.
    """
    if (found := _LEADING.match(text)) is None:
        return 0
    stop = found.end()
    if not complete and stop == len(text) and "\ud800" <= text[-1] <= "\udbff":
        stop -= 1
    return stop


def trimmed(text: str) -> int:
    """The length of ``text`` without the blank at its end."""
    found = _TRAILING.match(text[::-1])
    assert found is not None, "the pattern matches nothing too"
    return len(text) - found.end()


def invisible(text: str, start: int, stop: int) -> int:
    """Where the white space, controls and characters without width that begin at ``start`` end, ``stop`` at the latest."""
    found = _INVISIBLE.match(text, start, stop)
    assert found is not None, "the pattern matches nothing too"
    return found.end()


def sayable(text: str, source_start: int) -> SpannedText:
    """``text`` mended, with spans into the caller's text, where it begins at ``source_start``."""
    changes: list[tuple[int, int, str]] = []
    for found in _MENDED.finditer(text):
        start, stop = found.span()
        if found["pair"]:
            new = found["pair"].encode("utf-16", "surrogatepass").decode("utf-16")
        elif start == 0 or stop == len(text) or not _SEPARATING.search(found[0]):
            new = ""
        else:
            new = " "
        if new != found[0]:
            changes.append((start, stop, new))
    verbatim = SpannedText.verbatim(text, source_start)
    return verbatim.replace(changes) if changes else verbatim


def speakable(text: str) -> bool:
    """Whether there is a letter, a digit, or a symbol or emoji that a voice has a word for."""
    return bool(_WORD.search(text)) or any(_has_a_word(character) for character in text)


def _has_a_word(character: str) -> bool:
    if character in _SAID:
        return True
    if character in _DRAWN or "\u2500" <= character <= "\u25ff" or character == "\N{REPLACEMENT CHARACTER}":
        return False
    return unicodedata.category(character) in ("Sc", "Sm", "So")
