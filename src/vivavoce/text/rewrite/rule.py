"""What a rewrite rule is, and where a word of it begins and ends.

A rule looks at the text from the start of a word. Its pattern reaches to the end of that word, trailing punctuation
left out, or over white space where people write one thing in several words ("1500 €", "+33 5 56 79 19 36").
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

NO_BREAK = "\u00a0\u202f\u2009"
"""White space that holds a number together: no-break, narrow no-break and thin space."""

SPACE = f"[ {NO_BREAK}]"

_CLOSING = r"[.,;:!?…)\"'>*]"
_END = rf"(?={_CLOSING}*(?:\s|\Z))"


class Rule(Struct, frozen=True):
    """One named rule."""

    name: str
    pattern: re.Pattern[str]
    """Matched at the first character of a word; made by :func:`whole`."""
    read: Callable[[re.Match[str]], str | None]
    """What to say instead, or None when the match is not this rule's business after all."""


def whole(source: str) -> re.Pattern[str]:
    """``source`` compiled so that it ends where a word ends, before any closing punctuation."""
    return re.compile(f"(?:{source}){_END}")
