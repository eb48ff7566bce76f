"""The two tags that plain text may hold: ``<flush>`` and ``<break time="1.5s"/>``.

Case does not matter, white space may stand around the attribute, its "=" and the slash, which may be missing. A
break's time is a number with ``s`` or ``ms`` (seconds when neither stands there) in double or single quotes; it is
brought into 0 to 10 s, and is 0.5 s for ``<break/>``. A tag is at most 64 characters long. Whatever else begins with
"<" is ordinary text, and is not held back for longer than it could still become a tag.

The names follow the Gradium TTS reference and SSML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from msgspec import Struct

MAX_TAG_CHARS: Final = 64
DEFAULT_BREAK_S: Final = 0.5
MAX_BREAK_S: Final = 10.0

_TAG: Final = re.compile(
    r"""<(?:(?P<flush>flush)
        |break(?:\s+time\s*=\s*(?P<quote>["'])\s*(?P<number>\d+(?:\.\d*)?|\.\d+)\s*(?P<unit>m?s)?\s*(?P=quote))?
        )\s*/?>""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def _spellings() -> Iterator[Sequence[str]]:
    """Every way to write a tag, as sequences of patterns."""
    close = (r"\s*", "/?", ">")
    yield (*"<flush", *close)
    yield (*"<break", *close)
    numbers = ((r"\d+", r"(?:\.\d*)?"), (r"\.", r"\d+"))
    for quote, number, unit in product("\"'", numbers, ("", "s", "ms")):
        value = (quote, r"\s*", *number, r"\s*", *unit, r"\s*", quote)
        yield (*"<break", r"\s+", *"time", r"\s*", "=", r"\s*", *value, *close)


def _beginnings(atoms: Sequence[str]) -> str:
    """A pattern for every beginning of the sequence ``atoms``."""
    pattern = ""
    for atom in reversed(atoms):
        pattern = f"(?:{atom}{pattern})?"
    return pattern


_UNFINISHED: Final = re.compile("|".join(map(_beginnings, _spellings())), re.IGNORECASE | re.ASCII)


class Tag(Struct, frozen=True):
    """A tag at ``text[start:stop]``."""

    start: int
    stop: int
    pause_s: float | None
    """The silence that a break asks for; ``None`` for a flush."""


def tag_at(text: str, start: int) -> Tag | None:
    """The tag that begins at ``text[start]``, if one does."""
    found = _TAG.match(text, start, start + MAX_TAG_CHARS)
    if found is None:
        return None
    if found["flush"]:
        return Tag(start, found.end(), None)
    seconds = DEFAULT_BREAK_S
    if found["number"]:
        seconds = float(found["number"]) / (1000 if (found["unit"] or "s").lower() == "ms" else 1)
    return Tag(start, found.end(), min(MAX_BREAK_S, seconds))


def may_become_tag(text: str, start: int) -> bool:
    """Whether some continuation of ``text`` makes a tag begin at ``text[start]``, where none does yet."""
    return len(text) - start < MAX_TAG_CHARS and _UNFINISHED.fullmatch(text, start) is not None
