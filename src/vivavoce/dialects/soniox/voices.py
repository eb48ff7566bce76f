"""The voice names that Soniox's clients know, and what the shared catalogue says of them.

The twelve of the vendor's voices page, and "Bryce", which Pipecat asks for unless told otherwise. The vendor's page
gives names only: genders follow the names, ages and tags are ours.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from vivavoce.dialects.contract import VoiceAlias
from vivavoce.speech import Gender, VoiceInfo


class Tags(Struct, frozen=True):
    """What the shared catalogue lets clients filter by."""

    age: str
    accent: str
    use_case: tuple[str, ...]
    style: tuple[str, ...]


class SharedVoice(Struct, frozen=True):
    """One row of the shared catalogue."""

    id: str
    description: str
    gender: Gender
    tags: Tags


def _voice(name: str, gender: Gender, age: str, use_case: str, style: str) -> SharedVoice:
    who = {"male": "a man", "female": "a woman", "neutral": "a voice"}[gender]
    description = f"{name}, {who}; spoken by an installed voice of that gender, not by the vendor's."
    return SharedVoice(name, description, gender, Tags(age, "american", (use_case,), (style,)))


NAMED: Final = (
    _voice("Maya", "female", "young", "conversational", "warm"),
    _voice("Daniel", "male", "middle_aged", "narration", "calm"),
    _voice("Noah", "male", "young", "conversational", "friendly"),
    _voice("Nina", "female", "young", "conversational", "energetic"),
    _voice("Emma", "female", "middle_aged", "customer_support", "friendly"),
    _voice("Jack", "male", "middle_aged", "narration", "energetic"),
    _voice("Adrian", "male", "middle_aged", "conversational", "warm"),
    _voice("Claire", "female", "middle_aged", "narration", "calm"),
    _voice("Grace", "female", "old", "narration", "warm"),
    _voice("Owen", "male", "old", "narration", "calm"),
    _voice("Mina", "female", "young", "customer_support", "calm"),
    _voice("Kenji", "male", "young", "customer_support", "calm"),
)
"""The voices of both models."""

LATER: Final = (_voice("Bryce", "male", "young", "conversational", "friendly"),)
"""Voices of the second model only."""

VOICES: Final[dict[str, VoiceAlias]] = {
    voice.id: VoiceAlias(gender=voice.gender, description=voice.description) for voice in (*NAMED, *LATER)
}


def installed(voice: VoiceInfo) -> SharedVoice:
    """An installed voice as a row of the shared catalogue, under its own id."""
    tags = Tags("middle_aged", voice.language, ("conversational",), ("neutral",))
    return SharedVoice(voice.id, f"{voice.name}. {voice.description}".strip(), voice.gender, tags)
