r"""Halves of surrogate pairs in JSON, which clients in JavaScript write when they cut text inside an emoji.

``JSON.stringify`` escapes such a half (``"\ud83d"``) and every vendor's parser takes it; ours does not. As nothing can be
said for half a character, U+FFFD stands in for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

_SURROGATES: Final = re.compile(
    rb"(?<!\\)(?P<before>(?:\\\\)*)"
    rb"(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2}))"
)
"""Pairs first, so that what is left of their kind is a half; with the backslashes in front, which escape each other. No
other escape is found: a large frame may be made of nothing else, and each finding costs."""


def decoded(data: bytes | str, decode: Callable[[bytes | str], T]) -> T:
    """What ``decode`` makes of ``data``, or of ``data`` without halves where it cannot be read with them. Raises what
    ``decode`` raises, and UnicodeError for text that no UTF-8 can hold."""
    try:
        return decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        source = data.encode() if isinstance(data, str) else data
        mended = _SURROGATES.sub(_whole, source)
        if mended == source:
            raise
    return decode(mended)


def _whole(found: re.Match[bytes]) -> bytes:
    return found["before"] + rb"\ufffd" if found["half"] else found[0]
