"""How German says amounts and signs."""

from __future__ import annotations

from vivavoce.text.rewrite.speaker import Noun, Speaker, coins, signs, triples

_SCALES = (
    Noun("", ""),
    Noun("Tausend", "Tausend"),
    Noun("Million", "Millionen", True),
    Noun("Milliarde", "Milliarden", True),
    Noun("Billion", "Billionen", True),
    Noun("Billiarde", "Billiarden", True),
)


def expand(number: int) -> str:
    """``1234`` → "ein Tausend 234", ``2000000`` → "2 Millionen"."""
    said = []
    for value, power in triples(number):
        scale = _SCALES[power]
        if power == 0:
            said.append(str(value))
        else:
            said.append(f"{count(1, scale.feminine)} {scale.one}" if value == 1 else f"{value} {scale.many}")
    return " ".join(said) or "0"


def count(number: int, feminine: bool) -> str:
    """As :func:`expand`, but "ein" or "eine" for 1."""
    if number == 1:
        return "eine" if feminine else "ein"
    return expand(number)


def _same(word: str) -> Noun:
    return Noun(word, word)


_THOUSAND, _MILLION, _MILLIARD, _BILLION = _SCALES[1:5]

GERMAN = Speaker(
    group=".",
    minus="minus",
    point="Komma",
    digits_after_point=True,
    expand=expand,
    count=count,
    vulgar={
        "½": ("ein halb", "einhalb"),
        "⅓": ("ein Drittel", "ein Drittel"),
        "⅔": ("zwei Drittel", "zwei Drittel"),
        "¼": ("ein Viertel", "ein Viertel"),
        "¾": ("drei Viertel", "drei Viertel"),
    },
    coins=coins(
        _same("Dollar"), _same("Euro"), _same("Pfund"), _same("Yen"), _same("Schweizer Franken"),
        Noun("Real", "Reais"), Noun("Rupie", "Rupien", True),
    ),
    short={
        "k": _THOUSAND, "K": _THOUSAND, "M": _MILLION, "Mio.": _MILLION, "Mio": _MILLION,
        "Mrd.": _MILLIARD, "Mrd": _MILLIARD,
    },
    long={
        "Tausend": _THOUSAND, "tausend": _THOUSAND, "Million": _MILLION, "Millionen": _MILLION,
        "Milliarde": _MILLIARD, "Milliarden": _MILLIARD, "Billion": _BILLION, "Billionen": _BILLION,
        "Mio.": _MILLION, "Mio": _MILLION, "Mrd.": _MILLIARD, "Mrd": _MILLIARD,
    },
    of=str,
    signs=signs(
        at="at", dot="Punkt", dash="Bindestrich", colon="Doppelpunkt", slash="Slash", underscore="Unterstrich",
        question="Fragezeichen", equals="gleich", ampersand="und", hash="Raute", percent="Prozent", plus="plus",
        tilde="Tilde",
    ),
)  # fmt: skip
