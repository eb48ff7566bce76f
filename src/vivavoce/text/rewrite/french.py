"""How French says amounts and signs, in France, Belgium and Switzerland."""

from __future__ import annotations

from functools import partial

from msgspec import Struct, structs

from vivavoce.text.rewrite.speaker import Noun, Speaker, coins, signs, triples, words

_UNITS = words(
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "dix-sept dix-huit dix-neuf"
)
_TENS = ("", "", "vingt", "trente", "quarante", "cinquante", "soixante", "septante", "", "nonante")
_SCALES = ("", "mille", "million", "milliard", "billion", "billiard")


class Region(Struct, frozen=True):
    """What differs between the regions: the words for 70, 80 and 90."""

    septante: bool
    """70 and 90 are "septante" and "nonante", so that groups from 70 to 99 are written out."""
    eighty: str


FRANCE = Region(False, "quatre-vingt")
BELGIUM = Region(True, "quatre-vingt")
SWITZERLAND = Region(True, "huitante")


def spell(number: int, region: Region, *, feminine: bool = False, last: bool = True) -> str:
    """1 … 999 in words, with "septante" and "nonante"; ``last`` is false before "mille", where no plural s stands."""
    hundreds, rest = divmod(number, 100)
    said = []
    if hundreds:
        cent = "cents" if hundreds > 1 and not rest and last else "cent"
        said.append(cent if hundreds == 1 else f"{_UNITS[hundreds]} {cent}")
    if rest:
        said.append(_below_hundred(rest, region, last))
    spelled = " ".join(said)
    return f"{spelled}e" if feminine and spelled.endswith("un") else spelled


def _below_hundred(number: int, region: Region, last: bool) -> str:
    if number < 20:
        return _UNITS[number]
    ten, unit = divmod(number, 10)
    word = region.eighty if ten == 8 else _TENS[ten]
    if not unit:
        return "quatre-vingts" if word == "quatre-vingt" and last else word
    return f"{word} et un" if unit == 1 and word != "quatre-vingt" else f"{word}-{_UNITS[unit]}"


def _group(number: int, region: Region, *, feminine: bool = False, last: bool = True) -> str:
    """One group of three digits: digits, or words where digits would be said wrong."""
    # 71 and 91 end in "onze" in France, which has no gender; so does 11 everywhere.
    gendered = number % 100 not in ((11,) if region.septante else (11, 71, 91))
    if (feminine and number % 10 == 1 and gendered) or (region.septante and number % 100 >= 70):
        return spell(number, region, feminine=feminine, last=last)
    return str(number)


def expand(number: int, region: Region = FRANCE, *, feminine: bool = False) -> str:
    """``1234`` → "mille 234", ``2000000`` → "2 millions", ``1000000`` → "un million"."""
    said = []
    for value, power in triples(number):
        if power == 0:
            said.append(_group(value, region, feminine=feminine))
        elif power == 1:
            said.append("mille" if value == 1 else f"{_group(value, region, last=False)} mille")
        else:
            said.append(
                f"un {_SCALES[power]}" if value == 1 else f"{_group(value, region)} {_SCALES[power]}s"
            )
    return " ".join(said) or "0"


def count(number: int, feminine: bool, region: Region = FRANCE) -> str:
    """As :func:`expand`, but "un" or "une" for 1."""
    if number == 1:
        return "une" if feminine else "un"
    return expand(number, region, feminine=feminine)


def of(noun: str) -> str:
    """ "euros" → "d'euros"."""
    return f"d'{noun}" if noun[0] in "aeiouéèêàh" else f"de {noun}"


_THOUSAND = Noun("mille", "mille")
_MILLION = Noun("million", "millions", of=True)
_MILLIARD = Noun("milliard", "milliards", of=True)

FRENCH = Speaker(
    group=".",
    minus="moins",
    point="virgule",
    digits_after_point=False,
    expand=expand,
    count=count,
    vulgar={
        "½": ("un demi", "et demi"),
        "⅓": ("un tiers", "et un tiers"),
        "⅔": ("deux tiers", "et deux tiers"),
        "¼": ("un quart", "et quart"),
        "¾": ("trois quarts", "trois quarts"),
    },
    coins=coins(
        Noun("dollar", "dollars"), Noun("euro", "euros"), Noun("livre", "livres", True), Noun("yen", "yens"),
        Noun("franc suisse", "francs suisses"), Noun("real", "reais"), Noun("roupie", "roupies", True),
    ),
    short={"k": _THOUSAND, "K": _THOUSAND, "M": _MILLION, "Md": _MILLIARD, "Mds": _MILLIARD, "Mrd": _MILLIARD},
    long={
        "mille": _THOUSAND, "million": _MILLION, "millions": _MILLION,
        "milliard": _MILLIARD, "milliards": _MILLIARD,
    },
    of=of,
    singular_below_two=True,
    signs=signs(
        at="arobaze", dot="point", dash="tiret", colon="deux-points", slash="slash", underscore="tiret bas",
        question="point d'interrogation", equals="égal", ampersand="et", hash="dièse", percent="pour cent",
        plus="plus", tilde="tilde",
    ),
)  # fmt: skip

BELGIAN = structs.replace(
    FRENCH, expand=partial(expand, region=BELGIUM), count=partial(count, region=BELGIUM)
)

SWISS = structs.replace(
    FRENCH,
    group="",
    expand=partial(expand, region=SWITZERLAND),
    count=partial(count, region=SWITZERLAND),
    coins={**FRENCH.coins, **dict.fromkeys(("CHF", "SFr.", "Fr."), Noun("franc", "francs"))},
)
