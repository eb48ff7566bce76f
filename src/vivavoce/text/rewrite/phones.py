"""Phone rules, older names of the vendor's: digits in the groups of the number's country.

French says the groups as numbers, the other languages digit by digit ("0-7-5-9 6-8-5 4-4-1-3"). A number starts with
``+`` and a country code, or with ``0`` and is then of the rule's own country.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from vivavoce.text.rewrite.rule import Rule, whole
from vivavoce.text.rewrite.speaker import words

_PHONE = r"(?P<plus>\+\d(?:[ ./()-]{0,2}\d){5,14})|(?P<local>\(?0(?:[ ./()-]{0,2}\d){6,12})"
_AMERICAN = r"(?P<american>\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4})"
_NOT_DIGIT = re.compile(r"\D")

_TWO_DIGIT_CODES = frozenset(
    words(
        "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 "
        "90 91 92 93 94 95 98"
    )
)
_GERMAN_CITIES = ("30", "40", "69", "89")


def _cut(digits: str, sizes: Iterable[int]) -> list[str]:
    """``digits`` in groups of ``sizes``; what is left over is one more group."""
    groups, at = [], 0
    for size in sizes:
        groups.append(digits[at : at + size])
        at += size
    return [group for group in (*groups, digits[at:]) if group]


def _threes(digits: str) -> list[str]:
    """Groups of three, the last of two, three or four."""
    sizes = [3] * (len(digits) // 3)
    if sizes and len(digits) % 3 == 1:
        sizes[-1] += 1
    return _cut(digits, sizes)


def _pairs(digits: str) -> list[str]:
    """Groups of two, an odd digit first."""
    odd = len(digits) % 2
    return _cut(digits, [odd] * odd + [2] * (len(digits) // 2))


def _groups(country: str, digits: str) -> list[str]:
    """A number without its country code and leading zero, as people of its country group it."""
    match country:
        case "33":
            return [digits[:1], *_pairs(digits[1:])]
        case "44" if digits.startswith("2"):
            return _cut(digits, (2, 4, 4))
        case "49" if digits[:2] in ("15", "16", "17"):
            return [digits[:2], digits[2:3], *_pairs(digits[3:])]
        case "49":
            area = 2 if digits.startswith(_GERMAN_CITIES) else 3
            return [digits[:area], *_pairs(digits[area:])]
        case _:
            return _threes(digits)


def _split_code(digits: str) -> tuple[str, str]:
    """An international number as (country code, rest); the length of codes is fixed by ITU-T E.164."""
    size = 1 if digits[0] in "17" else 2 if digits[:2] in _TWO_DIGIT_CODES else 3
    return digits[:size], digits[size:]


def _say(groups: Iterable[str], as_numbers: bool) -> str:
    if not as_numbers:
        return " ".join("-".join(group) for group in groups)
    return " ".join(part for group in groups for part in ([group] if len(group) < 4 else _pairs(group)))


def _read(country: str, as_numbers: bool, match: re.Match[str]) -> str | None:
    digits = _NOT_DIGIT.sub("", match[0])
    prefix = ""
    if match["plus"]:
        country, digits = _split_code(digits)
        prefix = f"+{country} "
    elif not match["local"]:
        country = "1"
    elif len(digits) < 9 and country != "49":
        return None
    rest = digits.removeprefix("0")
    groups = [group for group in _groups(country, rest) if group]
    if not groups:
        return None
    groups[0] = digits[: len(digits) - len(rest)] + groups[0]
    return prefix + _say(groups, as_numbers)


def phone_rule(name: str, country: str, *, as_numbers: bool = False, american: bool = False) -> Rule:
    """The rule for a language whose numbers without ``+`` are of ``country``; ``american`` takes (650) 234-9653 too."""
    source = f"{_PHONE}|{_AMERICAN}" if american else _PHONE
    return Rule(name, whole(source), partial(_read, country, as_numbers))
