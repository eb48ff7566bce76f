"""Pages of a list, as Supertone cuts them: a size that the SDK sends as ``20.0``, and a decimal offset as the token."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from vivavoce.errors import OutOfRangeError, quoted

MAX_OFFSET: Final = 10_000_000


class Span(Struct, frozen=True):
    """A page of a list: ``[start, stop)``."""

    start: int
    stop: int

    def next_token(self, total: int) -> str | None:
        """The token of the page after this one, if there is one."""
        return str(self.stop) if self.stop < total else None


def span(query: Mapping[str, str], *, default: int, low: int, high: int) -> Span:
    """The page that a query asks for. A size out of range is clamped. Raises OutOfRangeError."""
    size = min(high, max(low, _size(query.get("page_size") or str(default))))
    start = _offset(query.get("next_page_token") or "0")
    return Span(start, start + size)


def _size(text: str) -> int:
    try:
        size = float(text)
    except ValueError:
        size = math.nan
    if not math.isfinite(size):
        raise OutOfRangeError(f"page_size: expected a number, got {quoted(text)}", param="page_size")
    return int(min(1e6, max(-1e6, size)))


def _offset(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 8 or int(text) > MAX_OFFSET:
        raise OutOfRangeError(
            f"next_page_token: expected a token of an earlier page, got {quoted(text)}",
            param="next_page_token",
        )
    return int(text)
