"""Date rules: the vendor's older ``Date``, and numeric dates in words for Belgium and Switzerland."""

from __future__ import annotations

import re
from functools import partial

from vivavoce.text.rewrite import french
from vivavoce.text.rewrite.rule import Rule, whole
from vivavoce.text.rewrite.speaker import words

_MONTHS = words("janvier février mars avril mai juin juillet août septembre octobre novembre décembre")
_SLASHED = r"(?P<one>\d{1,2})/(?P<two>\d{1,2})(?:/(?P<year>\d{4}|\d{2}))?"
_FRENCH = (
    r"(?P<day>\d{1,2})(?P<sign>[/.-])(?P<month>\d{1,2})(?P=sign)(?P<year>\d{4}|\d{2})"
    r"|(?P<short_day>\d{1,2})/(?P<short_month>\d{2})"
    r"|(?P<iso_year>\d{4})-(?P<iso_month>\d{2})-(?P<iso_day>\d{2})"
)


def _read_slashed(match: re.Match[str]) -> str | None:
    small, large = sorted((int(match["one"]), int(match["two"])))
    if not (1 <= small <= 12 and large <= 31):
        return None
    return f"{match['one']}-{match['two']}" + (f" {match['year']}" if match["year"] else "")


def _year(written: str, region: french.Region) -> str:
    """The year with its tens as the region says them: 1975 → "mille neuf cent septante-cinq"."""
    thousands, rest = divmod(int(written), 1000)
    tens = rest % 100
    same_as_in_france = tens < 70 or (80 <= tens < 90 and region.eighty == french.FRANCE.eighty)
    if same_as_in_france or thousands > 2:
        return written
    start = ("", "mille", "deux mille")[thousands]
    return f"{start} {french.spell(rest, region)}".strip()


def _read_french(region: french.Region, match: re.Match[str]) -> str | None:
    found = match.groupdict(default="")
    day = int(found["day"] or found["short_day"] or found["iso_day"])
    month = int(found["month"] or found["short_month"] or found["iso_month"])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    year = found["year"] or found["iso_year"]
    said = f"{'premier' if day == 1 else day} {_MONTHS[month - 1]}"
    return f"{said} {_year(year, region)}" if year else said


def date_rule(name: str) -> Rule:
    """``12/31/2020`` → "12-31 2020"; day and month in either order."""
    return Rule(name, whole(_SLASHED), _read_slashed)


def french_date_rule(name: str, region: french.Region) -> Rule:
    """``31/12/1975`` → "31 décembre mille neuf cent septante-cinq"; also with dots or hyphens, and ISO dates."""
    return Rule(name, whole(_FRENCH), partial(_read_french, region))
