"""Currency rules: ``$1500`` → "1 thousand 500 dollars". Decimals are said with the language's decimal word.

The sign or code stands before or after the amount, with or without a space, and a magnitude may follow the amount
("$1.5 million", "5 M€").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from vivavoce.text.rewrite.numbers import Number, decimals, parse, shape
from vivavoce.text.rewrite.rule import NO_BREAK, SPACE, Rule, whole
from vivavoce.text.rewrite.speaker import Noun, Speaker


def _either(words: Iterable[str]) -> str:
    """A pattern for any of ``words``, longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _amount(speaker: Speaker, number: Number, noun: Noun) -> str:
    """``number`` as it stands before ``noun``."""
    if not number.decimals.strip("0"):
        return speaker.count(number.whole, noun.feminine)
    # Two decimals are cents and said as a number in every language: "12 point 50".
    cents = len(number.decimals) == 2 and number.decimals[0] != "0"
    after = number.decimals if cents else decimals(speaker, number.decimals)
    return f"{speaker.expand(number.whole)} {speaker.point} {after}"


def _form(speaker: Speaker, number: Number, noun: Noun) -> str:
    """The singular or plural of ``noun`` after ``number``."""
    if speaker.singular_below_two:
        return noun.one if number.whole < 2 else noun.many
    return noun.one if number.whole == 1 and not number.decimals.strip("0") else noun.many


def _read(speaker: Speaker, match: re.Match[str]) -> str | None:
    found = match.groupdict(default="")
    number = parse(speaker, found["number_after"] or found["number_before"])
    if number is None:
        return None
    coin = speaker.coins[found["coin_before"] or found["coin_after"]]
    written = found["magnitude_after"] or found["short"] or found["long"]
    minus = f"{speaker.minus} " if "-" in match[0] else ""
    if written:
        scale = speaker.long.get(written) or speaker.short[written]
        noun = speaker.of(coin.many) if scale.of else coin.many
        return f"{minus}{_amount(speaker, number, scale)} {_form(speaker, number, scale)} {noun}"
    noun = _form(speaker, number, coin)
    if number.whole and number.whole % 1_000_000 == 0 and not number.decimals.strip("0"):
        noun = speaker.of(noun)
    return f"{minus}{_amount(speaker, number, coin)} {noun}"


def currency_rule(name: str, speaker: Speaker) -> Rule:
    """The rule for amounts of money."""
    coin, short, long = _either(speaker.coins), _either(speaker.short), _either(speaker.long)
    # The last way keeps "$10 million-a-year" from "10 dollars million-a-year".
    before = (
        rf"-?(?P<coin_before>{coin}){SPACE}?-?(?P<number_after>{shape(speaker)})"
        rf"(?:(?P<short>{short})|{SPACE}(?P<long>{long})|(?!{SPACE}(?:{long})\b))"
    )
    # Plain spaces may group an amount that its sign follows ("45 000 €"), as nothing else can be meant there.
    joins = f"' {NO_BREAK}"
    after = (
        rf"-?(?P<number_before>{shape(speaker, joins)})"
        rf"(?:{SPACE}?(?P<magnitude_after>{long}|{short}))?{SPACE}?(?P<coin_after>{coin})"
    )
    return Rule(name, whole(f"{before}|{after}"), partial(_read, speaker))
