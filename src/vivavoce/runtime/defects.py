"""What may be logged of a defect: its kind and where it happened, never its words, which may hold the caller's text."""

from __future__ import annotations

import traceback
from collections.abc import Sequence


def told(error: BaseException) -> str:
    """The kinds and traces of ``error`` and of what is behind it, without any of their messages."""
    lines = [type(error).__name__, *map(str.rstrip, traceback.format_tb(error.__traceback__))]
    return "\n".join([*lines, *(f"behind it: {told(inner)}" for inner in _behind(error))])


def _behind(error: BaseException) -> Sequence[BaseException]:
    """The members of a group, or what ``error`` was raised from or during."""
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions
    inner = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return () if inner is None else (inner,)
