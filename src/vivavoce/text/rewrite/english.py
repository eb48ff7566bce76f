"""How English says amounts and signs."""

from __future__ import annotations

from vivavoce.text.rewrite.speaker import Noun, Speaker, coins, signs, triples

_SCALES = ("", " thousand", " million", " billion", " trillion", " quadrillion")


def expand(number: int) -> str:
    """``1002003004`` → "1 billion 2 million 3 thousand 4"."""
    return " ".join(f"{value}{_SCALES[power]}" for value, power in triples(number)) or "0"


def count(number: int, feminine: bool) -> str:
    """As :func:`expand`: English counts without gender."""
    return expand(number)


def _same(word: str) -> Noun:
    return Noun(word, word)


_THOUSAND, _MILLION, _BILLION, _TRILLION = map(_same, ("thousand", "million", "billion", "trillion"))

ENGLISH = Speaker(
    group=",",
    minus="minus",
    point="point",
    digits_after_point=True,
    expand=expand,
    count=count,
    vulgar={
        "½": ("one half", "and a half"),
        "⅓": ("one third", "and one third"),
        "⅔": ("two thirds", "and two thirds"),
        "¼": ("one quarter", "and a quarter"),
        "¾": ("three quarters", "and three quarters"),
    },
    coins=coins(
        Noun("dollar", "dollars"), Noun("euro", "euros"), Noun("pound", "pounds"), _same("yen"),
        Noun("Swiss franc", "Swiss francs"), Noun("real", "reais"), Noun("rupee", "rupees"),
    ),
    short={
        "k": _THOUSAND, "K": _THOUSAND, "m": _MILLION, "M": _MILLION, "mn": _MILLION,
        "b": _BILLION, "B": _BILLION, "bn": _BILLION, "tn": _TRILLION, "T": _TRILLION,
    },
    long={noun.one: noun for noun in (_THOUSAND, _MILLION, _BILLION, _TRILLION)},
    of=str,
    signs=signs(
        at="at", dot="dot", dash="dash", colon="colon", slash="slash", underscore="underscore",
        question="question mark", equals="equals", ampersand="and", hash="hash", percent="percent",
        plus="plus", tilde="tilde",
    ),
)  # fmt: skip
