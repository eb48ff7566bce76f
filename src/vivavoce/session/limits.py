"""The bounds of one stream: what a request may ask for, and how much text it may carry."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from vivavoce.errors import OutOfOrderError, OutOfRangeError, TextTooLongError
from vivavoce.session.styles import styled
from vivavoce.speech import Open

HELD_TEXT_CHARS: Final = 50_000
"""Text of a stream whose audio is held until all of it is made: about an hour of speech, 150 MB of samples."""

MAX_FLUSHES: Final = 10_000
"""Flushes of one stream that may wait for their answers: they take no text, and so no other bound holds for them."""

RANGES: Final[dict[str, tuple[float, float]]] = {
    "speed": (0.25, 4.0),
    "pitch_semitones": (-24.0, 24.0),
    "pitch_range": (0.0, 2.0),
    "volume": (0.0, 4.0),
    "style_degree": (0.0, 2.0),
    "duration_s": (0.1, 3600.0),
    "idle_flush_s": (0.02, 60.0),
}


class Limits(Struct, frozen=True, kw_only=True):
    """The server's settings as one session needs them."""

    first_unit_words: int = 4
    max_unit_chars: int = 300
    max_text_chars: int = 2_000_000
    idle_flush_s: float = 0.4


def check(request: Open) -> None:
    """Raises OutOfRangeError for the first number of ``request`` outside its range, or an unknown style."""
    prosody = request.prosody
    for name, (low, high) in RANGES.items():
        value = getattr(prosody, name) if hasattr(prosody, name) else getattr(request, name)
        if value is not None and not (math.isfinite(value) and low <= value <= high):
            raise OutOfRangeError(f"{name}: expected {low:g} to {high:g}, got {value:g}", param=name)
    styled(prosody, request.style, request.style_degree)


def check_length(request: Open, limits: Limits, characters: int) -> None:
    """Raises TextTooLongError when a stream's text would come to ``characters`` code points in all."""
    bound = limits.max_text_chars
    if holds(request):
        bound = min(bound, HELD_TEXT_CHARS)
    if characters > bound:
        raise TextTooLongError(
            f"text of one stream: expected at most {bound} characters, got {characters}", param="text"
        )


def check_flushes(waiting: int) -> None:
    """Raises OutOfOrderError when ``waiting`` flushes of a stream are unanswered already, as many as may be."""
    if waiting >= MAX_FLUSHES:
        raise OutOfOrderError(
            f"{waiting} flushes of this stream are unanswered; wait for some before the next"
        )


def holds(request: Open) -> bool:
    """Whether the stream's audio is held until all of it is made, because something depends on its length."""
    return request.duration_s is not None or (request.known_length and request.format.name in ("wav", "flac"))
