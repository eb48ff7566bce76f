"""Casting: names that are no installed voice's are spoken by one that fits, and differ from each other."""

from __future__ import annotations

import msgspec
import pytest

from vivavoce.errors import UnknownLanguageError, UnknownVoiceError
from vivavoce.records import CustomVoice
from vivavoce.speech import Gender, Prosody, VoiceInfo
from vivavoce.voices.casting import Persona, both, cast
from vivavoce.voices.catalogue import Catalogue

pytestmark = pytest.mark.fast


def _voice(voice_id: str, language: str, gender: Gender, rank: int) -> VoiceInfo:
    return VoiceInfo(
        id=voice_id, name=voice_id, engine="e", language=language, languages=(language,), gender=gender,
        rate_hz=16_000, licence="-", rank=rank,
    )  # fmt: skip


CATALOGUE = Catalogue(
    [
        _voice("rms", "en-US", "male", 10),
        _voice("slt", "en-US", "female", 20),
        _voice("en-us+edward", "en-US", "male", 40),
        _voice("en-us+f2", "en-US", "female", 50),
        _voice("fr+edward", "fr-FR", "male", 40),
        _voice("fr+f2", "fr-FR", "female", 50),
    ],
    variants={"edward": "male", "Reed": "male", "klatt4": "male", "m6": "male", "f2": "female"},
)
PERSONAS = {
    f"{gender}{number}": Persona(gender=gender, number=number)
    for gender in ("male", "female")
    for number in range(12)
}


@pytest.mark.parametrize("language", [None, "en-US", "fr-FR"])
@pytest.mark.parametrize("gender", ["male", "female"])
def test_personas_fit_their_gender_and_language_and_differ(gender: str, language: str | None) -> None:
    found = [cast(CATALOGUE, PERSONAS, None, f"{gender}{n}", language) for n in range(9)]
    assert {c.voice.gender for c in found} == {gender}
    assert {c.voice.language for c in found} == {language or "en-US"}
    assert len({(c.voice.id, c.prosody.pitch_semitones) for c in found}) == 9


def test_the_first_persona_is_the_best_voice_at_its_natural_pitch() -> None:
    first = cast(CATALOGUE, PERSONAS, None, "MALE0", None)
    assert (first.voice.id, first.prosody) == ("rms", Prosody())


CUSTOM = CustomVoice(
    id="x", kind="custom", name="X", description="", language=None, gender="male", base_voice="rms",
    prosody=Prosody(pitch_semitones=2, speed=1.2), style="calm", style_degree=0.5, sample=None, owner=None,
    dialect="native", metadata={}, created_at=0, updated_at=0,
)  # fmt: skip


def test_a_custom_voice_is_its_base_with_ways_of_its_own() -> None:
    casting = cast(CATALOGUE, PERSONAS, CUSTOM, "x", None)
    assert casting.voice.id == "rms"
    assert (casting.prosody, casting.style, casting.style_degree) == (CUSTOM.prosody, "calm", 0.5)
    by_persona = msgspec.structs.replace(CUSTOM, base_voice="male6")
    assert cast(CATALOGUE, PERSONAS, by_persona, "x", None).prosody.speed == 1.2


@pytest.mark.parametrize(
    ("gender", "base", "french"),
    [
        ("male", "en-us+Reed", "fr+Reed"),  # the same speaker
        ("male", "rms", "fr+edward"),
        ("female", "slt", "fr+f2"),
    ],
)
def test_a_matched_voice_speaks_every_language_in_its_own_gender(
    gender: Gender, base: str, french: str
) -> None:
    custom = msgspec.structs.replace(CUSTOM, gender=gender, base_voice=base)
    casting = cast(CATALOGUE, PERSONAS, custom, "x", "fr-FR")
    assert (casting.voice.id, casting.prosody) == (french, CUSTOM.prosody)
    assert cast(CATALOGUE, PERSONAS, custom, "x", "en-US").voice.id == base
    with pytest.raises(UnknownLanguageError):
        cast(CATALOGUE, PERSONAS, custom, "x", "xx")


def test_a_preset_speaks_what_its_voice_speaks() -> None:
    preset = msgspec.structs.replace(CUSTOM, kind="preset")
    with pytest.raises(UnknownLanguageError):
        cast(CATALOGUE, PERSONAS, preset, "x", "fr-FR")


def test_unknown_names_and_languages_are_refused() -> None:
    with pytest.raises(UnknownVoiceError):
        cast(CATALOGUE, PERSONAS, None, "nobody", None)
    with pytest.raises(UnknownLanguageError):
        cast(CATALOGUE, PERSONAS, None, "male0", "xx")


def test_prosodies_on_top_of_each_other_stay_in_range() -> None:
    loud = Prosody(speed=4, pitch_semitones=20, pitch_range=2, volume=4)
    assert both(loud, loud) == Prosody(speed=4, pitch_semitones=24, pitch_range=2, volume=4)
    assert both(Prosody(speed=2), Prosody(speed=0.5)) == Prosody()
