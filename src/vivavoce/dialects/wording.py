"""msgspec's words for a value that does not fit, as somebody reads them who knows JSON and not Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, get_args, get_type_hints

from msgspec import Struct

from vivavoce.errors import quoted

_TYPES: Final = {
    "str": "a string",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "object": "an object",
    "array": "a list",
}
_TYPE: Final = re.compile(r"\b(?:" + "|".join(_TYPES) + r")\b")
_CHOICE: Final = re.compile(r"[Ii]nvalid enum value '?(.*?)'?", re.DOTALL)


def readable(said: str, kind: type[Struct], path: str) -> str:
    """``said`` of the member at ``path`` of a ``kind``, without the path: what was expected, and what came."""
    if found := _CHOICE.fullmatch(said.replace("`", "")):
        known = ", ".join(_choices(get_type_hints(kind).get(path)))
        return f"expected one of {known}, got {quoted(found[1])}"
    return in_json(said)


def in_json(said: str) -> str:
    """``said`` with JSON's types in place of Python's, to be put behind a colon."""
    said = _TYPE.sub(lambda name: _TYPES[name[0]], said.replace("`", "")).replace(" | ", " or ")
    return said[:1].lower() + said[1:]


def _choices(hint: Any) -> Iterator[str]:
    """The strings that a type is one of."""
    if isinstance(hint, str):
        if hint:
            yield hint
        return
    for part in get_args(hint):
        yield from _choices(part)
