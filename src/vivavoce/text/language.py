"""Language tags (BCP 47, RFC 5646): their parts, by which one language is told from another, and their usual spelling.

Any text has parts: what is no tag, or names a language that nobody speaks, is told by whoever looks for a voice.
"""

from __future__ import annotations

from typing import Final

_OLD: Final = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}
"""Withdrawn codes that old clients still send."""
_SAME: Final = {
    "cmn": "zh", "nb": "no", "arb": "ar", "pes": "fa", "fil": "tl", "zsm": "ms", "swh": "sw", "ekk": "et",
    "lvs": "lv", "khk": "mn", "npi": "ne", "ory": "or", "als": "sq", "uzn": "uz", "azj": "az",
    "eng": "en", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de", "spa": "es", "ita": "it", "por": "pt",
    "nld": "nl", "dut": "nl", "pol": "pl", "rus": "ru", "ukr": "uk", "zho": "zh", "chi": "zh", "jpn": "ja",
    "kor": "ko", "ara": "ar", "hin": "hi", "tur": "tr", "swe": "sv", "dan": "da", "fin": "fi", "nor": "no",
    "nob": "no", "nno": "nn", "ces": "cs", "cze": "cs", "ell": "el", "gre": "el", "heb": "he", "hun": "hu",
    "ind": "id", "tha": "th", "vie": "vi", "ron": "ro", "rum": "ro", "bul": "bg", "cat": "ca",
}  # fmt: skip
"""Codes for what speakers call the same language: a macrolanguage's usual member, and three-letter spellings."""
_UNDER_CHINESE: Final = frozenset({"cmn", "gan", "hak", "nan", "wuu", "yue"})
"""Languages that may be written as extensions of "zh": what is spoken under such a tag is the extension."""


def subtags(tag: str) -> tuple[str, ...]:
    """The parts of ``tag`` in lower case, the language first and by its usual code.

    "en_US" → ("en", "us"), "nb-NO" → ("no", "no"), "cmn" and "zh-cmn" → ("zh",), "zh-yue" → ("yue",).
    """
    language, *rest = tag.strip().lower().replace("_", "-").split("-")
    if language == "zh" and rest and rest[0] in _UNDER_CHINESE:
        language, *rest = rest
    language = _OLD.get(language, language)
    return (_SAME.get(language, language), *rest)


def primary(tag: str) -> str:
    """The language alone: "pt-BR" → "pt"."""
    return subtags(tag)[0]


def spelled(tag: str) -> str:
    """``tag`` as BCP 47 writes it, regions in capitals and scripts with one; what is private stays in lower case.

    "EN-us" → "en-US", "zh-hant-tw" → "zh-Hant-TW", "vi-vn-x-central" → "vi-VN-x-central".
    """
    public, private, rest = tag.lower().partition("-x-")
    language, *parts = public.split("-")
    return "-".join([language, *map(_spelled, parts)]) + private + rest


def _spelled(part: str) -> str:
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part
