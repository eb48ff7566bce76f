"""Suonora's voices: those that its documents and examples name. ``axel`` speaks English in all of them, though he is
listed as German; here as there a voice speaks whatever ``lang`` says."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from vivavoce.dialects.contract import VoiceAlias
from vivavoce.speech import Gender


class Character(Struct, frozen=True):
    """One of the vendor's voices."""

    name: str
    gender: Gender
    locale: str


CAST: Final[dict[str, Character]] = {
    "axel": Character("Axel", "male", "de-DE"),
    "jennifer": Character("Jennifer", "female", "en-US"),
}
"""By voice id."""

VOICES: Final[dict[str, VoiceAlias]] = {
    voice_id: VoiceAlias(gender=one.gender, language=one.locale, description=one.name)
    for voice_id, one in CAST.items()
}
