"""How a unit of text ends: the pause that follows it, and the punctuation that shapes its intonation."""

from __future__ import annotations

import re
from typing import Final

from vivavoce.speech import Boundary

PAUSE_S: Final[dict[Boundary, float]] = {Boundary.NONE: 0.0, Boundary.CLAUSE: 0.15, Boundary.SENTENCE: 0.3}
"""Silence after the last sound at speed 1, in seconds: espeak-ng's own pauses at a comma and at a full stop."""

_CLAUSE_MARKS: Final = ",;:،؛、，；：…–—"
_END: Final = re.compile(
    rf"(?P<marks>[.!?。！？．।॥۔؟{_CLAUSE_MARKS}]+)(?P<closing>[\s\"'’”»›)\]}}]*)$",
)


def pause_samples(boundary: Boundary, speed: float, rate_hz: int, scale: float = 1.0) -> int:
    """Length of the pause after a unit that ends in ``boundary``; faster speech pauses less."""
    return round(PAUSE_S[boundary] / speed * scale * rate_hz)


def bare(text: str) -> str:
    """``text`` without the punctuation it ends in; what stands before keeps its offsets.

    Closing quotes and brackets behind the punctuation go with it. A text of nothing else stays as it is.
    """
    text = text.rstrip()
    found = _END.search(text)
    return text[: found.start()] if found and found.start() else text


def ends_in_clause_mark(text: str) -> bool:
    """Whether the first mark of the closing punctuation, which alone decides, is a comma or the like."""
    found = _END.search(text.rstrip())
    return found is not None and found["marks"][0] in _CLAUSE_MARKS
