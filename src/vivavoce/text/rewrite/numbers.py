"""Number rules: ``1234`` → "1 thousand 234"; groups below a thousand stay digits, years and small numbers unchanged.

A number is recognised however it is grouped and whichever decimal sign it carries as long as only one reading is
possible ("1.234,56" and "1,234.56" in every language); ``Speaker.group`` decides the rest ("1.234").
"""

from __future__ import annotations

import re
from functools import partial

from msgspec import Struct

from vivavoce.text.rewrite.rule import NO_BREAK, Rule, whole
from vivavoce.text.rewrite.speaker import Speaker

_HEAD = r"[1-9]\d{0,2}"
_DECIMALS = r"\d{1,18}"
_LAST_SIGN = re.compile(r"([.,])(\d+)\Z")
_NOT_DIGIT = re.compile(r"\D")


class Number(Struct, frozen=True):
    """A number as it was written."""

    whole: int
    """0 … 10**18 - 1."""
    decimals: str
    """The digits after the decimal sign; empty when there is none."""
    grouped: bool
    """Thousands were set off, so that it is an amount and no year."""


def shape(speaker: Speaker, joins: str = f"'{NO_BREAK}") -> str:
    """The source of a pattern without groups for the numbers that :func:`parse` understands.

    ``joins`` are the characters that group thousands in every language.
    """
    ways = [rf"{_HEAD}(?:{join}\d{{3}}){{1,5}}(?:[.,]{_DECIMALS})?" for join in joins]
    ways += [rf"{_HEAD}(?:,\d{{3}}){{1,5}}\.{_DECIMALS}", rf"{_HEAD}(?:\.\d{{3}}){{1,5}},{_DECIMALS}"]
    ways += [rf"{_HEAD}(?:,\d{{3}}){{2,5}}"]
    ways += [rf"{_HEAD}(?:{re.escape(speaker.group)}\d{{3}}){{1,5}}"] if speaker.group else []
    ways += [rf"(?:0|[1-9]\d{{0,17}})(?:[.,]{_DECIMALS})?"]
    return f"(?:{'|'.join(ways)})"


def parse(speaker: Speaker, written: str) -> Number | None:
    """``written``, which has the :func:`shape`, taken apart; None for an address such as 192.168.100.200."""
    parts = written.split(".")
    if len(parts) == 4 and all(part.isdigit() and int(part) <= 255 for part in parts):
        return None
    sign = _LAST_SIGN.search(written)
    decimals = sign[2] if sign and _is_decimal(speaker, written, sign) else ""
    integer = written[: -len(decimals) - 1] if decimals else written
    digits = _NOT_DIGIT.sub("", integer)
    return Number(int(digits), decimals, digits != integer)


def _is_decimal(speaker: Speaker, written: str, sign: re.Match[str]) -> bool:
    """Whether the last ``.`` or ``,`` is the decimal sign rather than one that groups thousands."""
    before = written[: sign.start()]
    if len(sign[2]) != 3:
        return True
    if sign[1] in before:
        return False
    if not before.isdigit():
        return True
    return sign[1] != speaker.group or len(before) > 3 or before == "0"


def decimals(speaker: Speaker, digits: str) -> str:
    """The digits after the decimal sign as the language says them: "5 6", or "56" with leading zeros apart."""
    if speaker.digits_after_point or len(digits) > 3:
        return " ".join(digits)
    rest = digits.lstrip("0")
    return " ".join(["0"] * (len(digits) - len(rest)) + ([rest] if rest else []))


def _read(speaker: Speaker, match: re.Match[str]) -> str | None:
    minus = f"{speaker.minus} " if match["minus"] else ""
    if match["vulgar"]:
        alone, after = speaker.vulgar[match["vulgar"]]
        integer = match["integer"]
        return minus + (f"{speaker.expand(int(integer))} {after}" if integer else alone)
    number = parse(speaker, match["number"])
    if number is None:
        return None
    said = speaker.expand(number.whole)
    bare = not (minus or number.decimals or number.grouped or match["unit"])
    if said == str(number.whole) or (bare and 1900 <= number.whole <= 2100):
        return None
    point = f" {speaker.point} {decimals(speaker, number.decimals)}" if number.decimals else ""
    return f"{minus}{said}{point}{match['unit']}"


def number_rule(name: str, speaker: Speaker) -> Rule:
    """The rule for bare numbers, also with a minus, a percent or degree sign, or ½ and its kin."""
    source = (
        rf"(?P<minus>-)?(?:(?P<number>{shape(speaker)})(?P<unit>[%‰°]?)"
        rf"|(?P<integer>\d{{1,18}})?(?P<vulgar>[{''.join(speaker.vulgar)}]))"
    )
    return Rule(name, whole(source), partial(_read, speaker))
