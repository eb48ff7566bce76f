"""Casting: which installed voice speaks for a name that is none, and how it has to change its ways for it.

Two kinds of names are cast. A *persona* is a name that a vendor's clients know: it has a gender, speaks whatever
language is asked for, and differs from its fellows as far as there are voices, then by its pitch. A *custom voice* is
made by a user on top of an installed one: a prosody and a style of its own. One that was matched to a recording speaks
whatever language is asked for as well, as its vendors' voices do; a preset is what its operator made it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from vivavoce.errors import UnknownLanguageError, VivavoceError
from vivavoce.records import CustomVoice
from vivavoce.speech import Gender, Prosody, VoiceInfo
from vivavoce.voices.catalogue import Catalogue

SPEAKERS: Final[Mapping[Gender, tuple[str, ...]]] = {
    "male": ("edward", "Reed", "klatt4", "m6"),
    "female": ("f5", "f2"),
    "neutral": (),
}
"""espeak-ng's speakers that a recogniser understands best, the best first."""
PITCHES: Final = (0.0, 1.5, -1.5, 3.0, -3.0, 0.75, -0.75, 2.25, -2.25)
"""Semitones by which personas differ that share a voice; a man stays a man and a woman a woman."""


class Persona(Struct, frozen=True, kw_only=True):
    """A vendor's voice name. ``number`` counts those of one gender."""

    gender: Gender
    language: str = "en-US"
    number: int = 0


class Casting(Struct, frozen=True, kw_only=True):
    """Who speaks, and how when nothing else is asked for."""

    voice: VoiceInfo
    prosody: Prosody = Prosody()
    style: str = "neutral"
    style_degree: float = 1.0


def cast(
    catalogue: Catalogue,
    personas: Mapping[str, Persona],
    custom: CustomVoice | None,
    name: str,
    language: str | None,
) -> Casting:
    """The casting for ``name``; ``personas`` are by lower-case name.

    Raises UnknownVoiceError and UnknownLanguageError.
    """
    if custom is not None:
        base = _base(catalogue, personas, custom, language)
        return Casting(
            voice=base.voice,
            prosody=both(base.prosody, custom.prosody),
            style=custom.style,
            style_degree=custom.style_degree,
        )
    persona = personas.get(name.strip().lower())
    if persona is not None:
        return _appear(catalogue, persona, language or persona.language)
    return Casting(voice=catalogue.resolve(name, language))


def _base(
    catalogue: Catalogue, personas: Mapping[str, Persona], custom: CustomVoice, language: str | None
) -> Casting:
    """What is under a custom voice in ``language``."""
    try:
        return cast(catalogue, personas, None, custom.base_voice, language)
    except UnknownLanguageError:
        if custom.kind != "custom" or language is None:
            raise
    return Casting(voice=_counterpart(catalogue, custom, language))


def _counterpart(catalogue: Catalogue, custom: CustomVoice, language: str) -> VoiceInfo:
    """The same speaker in another language where an engine has it in both, else the best voice of that gender."""
    actors = _actors(catalogue, custom.gender, language)
    speaker = custom.base_voice.partition("+")[2]
    for actor in actors:
        if speaker and "+" in actor.id:
            with contextlib.suppress(VivavoceError):
                return catalogue.resolve(f"{actor.id.partition('+')[0]}+{speaker}", language)
    return actors[0]


def both(one: Prosody, other: Prosody) -> Prosody:
    """Two prosodies on top of each other, within the ranges that Prosody states."""
    return Prosody(
        speed=min(4.0, max(0.25, one.speed * other.speed)),
        pitch_semitones=min(24.0, max(-24.0, one.pitch_semitones + other.pitch_semitones)),
        pitch_range=min(2.0, one.pitch_range * other.pitch_range),
        volume=min(4.0, one.volume * other.volume),
    )


def _appear(catalogue: Catalogue, persona: Persona, language: str) -> Casting:
    actors = _actors(catalogue, persona.gender, language)
    voice = actors[persona.number % len(actors)]
    pitch = PITCHES[persona.number // len(actors) % len(PITCHES)]
    return Casting(voice=voice, prosody=Prosody(pitch_semitones=pitch))


def _actors(catalogue: Catalogue, gender: Gender, language: str) -> list[VoiceInfo]:
    """Voices of that gender that speak ``language``, best first; of any gender where there is none."""
    best = catalogue.best(language)
    spoken = catalogue.listing(language)
    found = [voice for voice in spoken if gender in ("neutral", voice.gender)]
    base = next((voice.id.partition("+")[0] for voice in spoken if "+" in voice.id), None)
    for speaker in SPEAKERS[gender] if base is not None else ():
        with contextlib.suppress(VivavoceError):
            found.append(catalogue.resolve(f"{base}+{speaker}", language))
    unique = {voice.id: voice for voice in found if _near(voice, best, language)}
    return list(unique.values()) or [best]


def _near(voice: VoiceInfo, best: VoiceInfo, language: str) -> bool:
    """Whether ``voice`` speaks this form of the language, or the form that the best voice speaks."""
    return voice.language in (language, best.language) or best.language.partition("-")[0] == voice.language
