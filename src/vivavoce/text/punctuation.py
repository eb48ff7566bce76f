"""The characters by which text is cut, and what kind each is. Data and small questions, no rules."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from vivavoce.text.clean import WIDTHLESS

ENDS: Final = ".!?…‼⁇⁈⁉\u037e"
"""End a sentence when white space follows. U+037E is the Greek question mark."""
FREE_ENDS: Final = "。！？．｡؟۔։।॥።፧፨။។៕༎"
"""End a sentence whether or not white space follows."""
CLAUSES: Final = ",;:—–\u0387"
"""End a clause when white space follows (a dash: when it also precedes, but for the em dash)."""
FREE_CLAUSES: Final = "、，；：､،؛፣፤፥၊།"
"""End a clause whether or not white space follows."""
QUOTES: Final = "\"'“”„‘’‚«»‹›"
CLOSING: Final = ")]}）］｝】〕〗」』〉》"

ALL_ENDS: Final = frozenset(ENDS + FREE_ENDS)
ALL_CLAUSES: Final = frozenset(CLAUSES + FREE_CLAUSES)
NO_WORD_BEGINS: Final = ALL_ENDS | ALL_CLAUSES | frozenset(CLOSING + "»›”%-/")
"""What may stand after a space and still belong to the words before it."""

HAN_KANA: Final = (
    r"\u3005\u3007\u3040-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
)
UNSPACED: Final = HAN_KANA + r"\u0e01-\u0e5b\u0e81-\u0edf\u1000-\u1049\u1050-\u109f\u1780-\u17d3"
"""Scripts that put no space between words: Han, kana, Thai, Lao, Burmese, Khmer. Inside of a class."""

_HAN_KANA: Final = re.compile(f"[{HAN_KANA}]")
_UNSPACED: Final = re.compile(f"[{UNSPACED}]")

CLOSERS: Final = re.compile(rf"[{re.escape(QUOTES + CLOSING)}*_{WIDTHLESS}]*")
"""Closes the sentence before it: quotes, brackets, and the stars of Markdown."""
SPACED_CLOSERS: Final = re.compile(rf"(?:[{re.escape(QUOTES + CLOSING)}*_{WIDTHLESS}]|\s+[»›](?=\s))*")
"""The same where the writer puts a space before closing guillemets."""
_TAIL: Final = QUOTES + CLOSING + "*_ \t\r\n\u00a0\u202f"

_FOLLOWING: Final = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮー々ะาำๅๆະາຳ\u200c\u200d")
"""Never begin what is said after a cut, though they are letters."""
_LEADING_VOWELS: Final = frozenset("เแโใไເແໂໃໄ")
"""Thai and Lao vowels, written before the consonant they are said after."""


def is_han_or_kana(character: str) -> bool:
    """Whether ``character`` belongs to written Chinese or Japanese."""
    return bool(_HAN_KANA.match(character))


def is_unspaced(character: str) -> bool:
    """Whether its script puts no spaces between words."""
    return bool(_UNSPACED.match(character))


def is_greek(character: str) -> bool:
    """Whether it is Greek, where ``;`` asks a question."""
    return "\u0370" <= character <= "\u03ff" or "\u1f00" <= character <= "\u1fff"


def last_mark(text: str) -> str:
    """The run of marks that ``text`` ends with, looking through quotes, brackets and spaces; "" when there is none."""
    core = text.rstrip(_TAIL)
    for marks in (ALL_ENDS, ALL_CLAUSES):
        start = len(core)
        while start and core[start - 1] in marks:
            start -= 1
        if start < len(core):
            return core[start:]
    return ""


def splits_cluster(text: str, at: int) -> bool:
    """Whether a cut before ``text[at]`` would part what is seen as one character, or said as one syllable."""
    before, after = text[at - 1], text[at]
    if unicodedata.category(after)[0] == "M" or after in _FOLLOWING or before in _LEADING_VOWELS:
        return True
    if before == "\u200d" or "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":
        return True
    return _is_flag_letter(after) and _flag_letters_before(text, at) % 2 == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, at: int) -> int:
    start = at
    while start and _is_flag_letter(text[start - 1]):
        start -= 1
    return at - start
