"""Styles: named ways of speaking, as changes of prosody that any engine can follow.

A degree scales a style: 0 leaves the voice alone, 1 is the style, 2 twice its distance from neutral. The profiles
follow what phonetics reports of acted emotion (anger and joy: faster, higher, wider, louder; sadness: slower, lower,
narrower, softer); they are profiles of rate, pitch, range and energy, nothing more.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from vivavoce.errors import OutOfRangeError, quoted
from vivavoce.speech import Prosody


class Style(Struct, frozen=True):
    """One profile at degree 1."""

    speed: float
    """Factor of the rate of speech."""
    pitch_semitones: float
    pitch_range: float
    """Factor of the intonation's range."""
    volume: float
    """Factor of the amplitude."""


STYLES: Final[dict[str, Style]] = {
    "neutral": Style(1.0, 0.0, 1.0, 1.0),
    "cheerful": Style(1.06, 1.5, 1.35, 1.1),
    "happy": Style(1.06, 1.5, 1.35, 1.1),
    "excited": Style(1.15, 2.5, 1.5, 1.25),
    "calm": Style(0.94, -0.5, 0.8, 0.9),
    "serious": Style(0.95, -1.0, 0.75, 1.0),
    "sad": Style(0.85, -1.5, 0.6, 0.75),
    "angry": Style(1.1, 1.0, 1.3, 1.4),
    "fearful": Style(1.15, 2.0, 0.8, 0.85),
    "friendly": Style(1.02, 0.75, 1.2, 1.0),
    "whispering": Style(0.92, -1.0, 0.4, 0.4),
    "shouting": Style(1.0, 3.0, 1.3, 1.8),
    # Names that Supertone's voices have beside these.
    "serene": Style(0.9, -0.5, 0.7, 0.85),
    "kind": Style(0.97, 0.5, 1.1, 0.95),
    "shy": Style(0.93, 0.5, 0.7, 0.7),
    "curious": Style(1.03, 1.0, 1.4, 1.0),
    "confident": Style(1.02, -0.5, 1.15, 1.2),
    "unfriendly": Style(1.05, -0.75, 0.8, 1.1),
    "embarrassed": Style(0.95, 0.75, 0.8, 0.8),
    "painful": Style(0.85, 0.75, 0.75, 0.9),
    "admiring": Style(0.97, 1.25, 1.4, 1.05),
    "anxious": Style(1.12, 1.5, 0.9, 0.9),
}


def styled(prosody: Prosody, style: str, degree: float) -> Prosody:
    """``prosody`` spoken in ``style``. Raises OutOfRangeError for a name that is no style.

    The result is clamped to the ranges that :class:`~vivavoce.speech.Prosody` states.
    """
    profile = STYLES.get(style)
    if profile is None:
        raise OutOfRangeError(
            f"unknown style {quoted(style)}; expected one of {', '.join(STYLES)}", param="style"
        )
    return Prosody(
        speed=min(4.0, max(0.25, prosody.speed * profile.speed**degree)),
        pitch_semitones=min(24.0, max(-24.0, prosody.pitch_semitones + profile.pitch_semitones * degree)),
        pitch_range=min(2.0, max(0.0, prosody.pitch_range * profile.pitch_range**degree)),
        volume=min(4.0, prosody.volume * profile.volume**degree),
    )
