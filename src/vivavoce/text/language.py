"""Language tags (BCP 47, RFC 5646): their usual spelling, how well two of them fit, and a guess from the script.

Only the shape of a tag is checked, not whether its parts are registered: engines name languages of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Final

from vivavoce.errors import UnknownLanguageError, quoted

EXACT: Final = 4
REGION: Final = 3
"""Same language and region; one may name a script or variant that the other does not, or leave its main region out."""
LANGUAGE: Final = 2
"""Same language, and one of them names no region."""
DIALECT: Final = 1
"""Same language of another region: understood, with an accent."""
NONE: Final = 0

_TAG: Final = re.compile(
    r"""(?P<language>[a-z]{2,8})(?:-(?P<extended>[a-z]{3}(?:-[a-z]{3}){0,2}))?
        (?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?
        (?P<rest>(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?)""",
    re.VERBOSE,
)

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
_MAIN_REGION: Final = {
    "en": "US", "pt": "BR", "es": "ES", "fr": "FR", "de": "DE", "it": "IT", "nl": "NL", "zh": "CN", "ar": "EG",
    "sv": "SE", "ru": "RU", "ja": "JP", "ko": "KR", "no": "NO", "da": "DK", "pl": "PL", "vi": "VN", "yue": "HK",
}  # fmt: skip
"""The region meant when none is named (CLDR likely subtags), where a language has several that are spoken for."""

_SCRIPTS: Final = (
    ("HANGUL", "ko"), ("CJK", "zh"), ("CYRILLIC", "ru"), ("ARABIC", "ar"), ("DEVANAGARI", "hi"), ("GREEK", "el"),
    ("THAI", "th"), ("HEBREW", "he"), ("ARMENIAN", "hy"), ("GEORGIAN", "ka"), ("BENGALI", "bn"), ("TAMIL", "ta"),
    ("TELUGU", "te"), ("KANNADA", "kn"), ("MALAYALAM", "ml"), ("GUJARATI", "gu"), ("GURMUKHI", "pa"),
    ("ORIYA", "or"), ("SINHALA", "si"), ("ETHIOPIC", "am"), ("KHMER", "km"), ("LAO", "lo"), ("MYANMAR", "my"),
    ("HIRAGANA", "ja"), ("KATAKANA", "ja"), ("HALFWIDTH KATAKANA", "ja"), ("LATIN", None),
)  # fmt: skip
"""The first words of a letter's Unicode name, and the language that most text in that script is in."""
GUESS_CHARS: Final = 2000
"""How much of a text a guess looks at."""


def normalise(tag: str) -> str:
    """``tag`` as BCP 47 writes it: "EN_us" → "en-US", "zh-hant-tw" → "zh-Hant-TW".

    Raises UnknownLanguageError when it has not the shape of a tag.
    """
    parts = _parse(tag)
    language = _OLD.get(parts["language"], parts["language"])
    out = [language, parts["extended"], parts["script"].title(), parts["region"].upper()]
    return "-".join(part for part in out if part) + parts["rest"]


def primary(tag: str) -> str:
    """The language alone, by its usual code: "zh-cmn", "cmn" and "zh-TW" → "zh", "nb-NO" → "no".

    Raises UnknownLanguageError.
    """
    return _identity(tag)[0]


def matches(wanted: str, offered: str) -> int:
    """How well a voice for ``offered`` serves who wants ``wanted``; higher is better, 0 is not at all.

    Raises UnknownLanguageError when either has not the shape of a tag.
    """
    if normalise(wanted) == normalise(offered):
        return EXACT
    language, region = _identity(wanted)
    offered_language, offered_region = _identity(offered)
    if language == "zh" and region == "HK" and offered_language == "yue":
        return REGION  # What is spoken under this tag is Cantonese.
    if language != offered_language:
        return NONE
    main = _MAIN_REGION.get(language, "")
    if (region or main) == (offered_region or main):
        return REGION
    return DIALECT if region and offered_region else LANGUAGE


def guess(text: str) -> str | None:
    """The language that the script of ``text`` speaks for; ``None`` for Latin letters or none at all.

    By script alone, so Cyrillic is "ru" and Arabic script "ar". Any kana among Han makes it "ja".
    """
    found = Counter(_script(character) for character in text[:GUESS_CHARS] if character.isalpha())
    if found["ja"]:
        found["ja"] += found.pop("zh", 0)
    likely = found.most_common(1)
    return likely[0][0] or None if likely else None


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    return next((language or "" for prefix, language in _SCRIPTS if name.startswith(prefix)), "")


def _parse(tag: str) -> dict[str, str]:
    found = _TAG.fullmatch(tag.replace("_", "-").lower())
    if found is None or not tag.isascii():
        raise UnknownLanguageError(
            f'language: expected a BCP 47 tag such as "en" or "pt-BR", got {quoted(tag)}', param="language"
        )
    return found.groupdict("")


def _identity(tag: str) -> tuple[str, str]:
    """The spoken language and its region, "" where none is named."""
    parts = _parse(tag)
    # zh-yue, zh-cmn: the extended subtag is the language that is spoken.
    language = parts["extended"].split("-")[0] or parts["language"]
    language = _OLD.get(language, language)
    region = parts["region"].upper()
    if not region and parts["script"] == "hant" and language in ("zh", "cmn"):
        region = "TW"
    return _SAME.get(language, language), region
