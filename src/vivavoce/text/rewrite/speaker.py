"""How one language says amounts and signs: the data that the rules for numbers, money and addresses share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct


class Noun(Struct, frozen=True):
    """Something that is counted: a currency, or a magnitude such as "million"."""

    one: str
    many: str
    feminine: bool = False
    of: bool = False
    """A magnitude that takes "de" before what it counts: *un million d'euros*, but *mille euros*."""


class Speaker(Struct, frozen=True, kw_only=True):
    """One language, or one region of it."""

    group: str
    """The one of ``.`` and ``,`` that groups thousands here when nothing else tells ("1,234"); empty when neither."""
    minus: str
    point: str
    """The word for the decimal sign."""
    digits_after_point: bool
    """Decimals are said digit by digit (English, German) rather than as a number (French, Spanish, Portuguese)."""
    expand: Callable[[int], str]
    """A number that stands alone, 0 … 10**18 - 1: ``1234`` → "1 thousand 234". Groups below 1000 stay digits."""
    count: Callable[[int, bool], str]
    """A number right before its noun; the flag says that the noun is feminine: "ein", "una", "veintiún"."""
    vulgar: Mapping[str, tuple[str, str]]
    """½ ⅓ ⅔ ¼ ¾, alone and after a whole number."""
    coins: Mapping[str, Noun]
    """Currencies by symbol and ISO code."""
    short: Mapping[str, Noun]
    """Magnitudes written in a letter or two: "5M"."""
    long: Mapping[str, Noun]
    """Magnitudes written out: "5 million"."""
    of: Callable[[str], str]
    """A noun after a magnitude that takes "de"."""
    singular_below_two: bool = False
    signs: Mapping[str, str]
    """The signs of e-mail addresses and URLs."""


def words(table: str) -> tuple[str, ...]:
    """The words of a table that is written as one string."""
    return tuple(table.split())


def triples(number: int) -> Iterator[tuple[int, int]]:
    """The groups of three digits that are not zero, as (value, power of 1000), highest first."""
    for power in reversed(range(6)):
        value = number // 1000**power % 1000
        if value:
            yield value, power


def coins(
    dollar: Noun, euro: Noun, pound: Noun, yen: Noun, franc: Noun, real: Noun, rupee: Noun
) -> dict[str, Noun]:
    """The currencies under every symbol and code they are written with."""
    return {
        **dict.fromkeys(("$", "US$", "USD"), dollar),
        **dict.fromkeys(("€", "EUR"), euro),
        **dict.fromkeys(("£", "GBP"), pound),
        **dict.fromkeys(("¥", "JPY"), yen),
        **dict.fromkeys(("CHF", "SFr."), franc),
        **dict.fromkeys(("R$", "BRL"), real),
        **dict.fromkeys(("₹", "INR"), rupee),
    }


def signs(**words: str) -> dict[str, str]:
    """The words for ``@ . - : / _ ? = & # % + ~``, given under their names."""
    names = {
        "at": "@", "dot": ".", "dash": "-", "colon": ":", "slash": "/", "underscore": "_", "question": "?",
        "equals": "=", "ampersand": "&", "hash": "#", "percent": "%", "plus": "+", "tilde": "~",
    }  # fmt: skip
    return {names[name]: word for name, word in words.items()}
