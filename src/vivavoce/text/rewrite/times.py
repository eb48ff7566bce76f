"""Time rules, older names of the vendor's: one sign between hours and minutes, ``3:45PM`` → "3.45PM"."""

from __future__ import annotations

import re
from functools import partial

from vivavoce.text.rewrite.rule import Rule, whole


def _read(sign: str, match: re.Match[str]) -> str | None:
    if int(match["hours"]) > 24 or int(match["minutes"]) > 59:
        return None
    seconds = f"{sign}{match['seconds']}" if match["seconds"] else ""
    return f"{match['hours']}{sign}{match['minutes']}{seconds}{match['half']}"


def time_rule(name: str, written: str, sign: str) -> Rule:
    """Hours and minutes around any character of ``written``, said with ``sign``."""
    source = rf"(?P<hours>\d{{1,2}})[{written}](?P<minutes>\d{{2}})(?::(?P<seconds>[0-5]\d))?(?P<half>(?:[AaPp][Mm])?)"
    return Rule(name, whole(source), partial(_read, sign))
