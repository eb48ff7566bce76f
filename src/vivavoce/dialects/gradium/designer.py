"""``voice-generator/``: voices from a description.

Nothing is generated: the words of the description choose among the installed voices by gender and set pitch, speed
and liveliness; the samples asked for differ in voice and pitch. A draft is a preset that no list shows, until it is
promoted to a voice or has expired.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from vivavoce.dialects.desk import Answer, Call, Desk
from vivavoce.dialects.gradium import reading
from vivavoce.dialects.gradium.calls import answer, moment
from vivavoce.dialects.gradium.cast import DRAFT_PREFIX
from vivavoce.dialects.gradium.voice_calls import DIALECT, DRAFT
from vivavoce.errors import (
    AlreadyExistsError,
    EmptyTextError,
    MissingFieldError,
    NotFoundError,
    OutOfRangeError,
    quoted,
)
from vivavoce.records import CustomVoice, VoiceDraft
from vivavoce.speech import Gender, Prosody, VoiceInfo

LANGUAGES: Final = ("en", "fr", "es", "pt", "de")
DRAFT_LIFE_S: Final = 24 * 3600.0
MATCHED: Final = "Chosen from the installed voices by its description."
PROMOTED: Final = "promoted"
"""Key of a draft's metadata that names the voice made of it."""

_WORD: Final = re.compile(r"[a-z]+")
_WOMAN: Final = frozenset(
    ["female", "woman", "women", "girl", "lady", "feminine", "she", "her", "grandmother", "mother", "queen"]
)
_MAN: Final = frozenset(
    [
        "male",
        "man",
        "men",
        "boy",
        "guy",
        "gentleman",
        "masculine",
        "he",
        "his",
        "grandfather",
        "father",
        "king",
    ]
)
_SEMITONES: Final = {
    "deep": -2.0,
    "low": -2.0,
    "bass": -3.0,
    "high": 2.0,
    "bright": 1.0,
    "young": 1.5,
    "old": -1.0,
}
_SPEED: Final = {"slow": 0.85, "calm": 0.93, "fast": 1.2, "quick": 1.2, "energetic": 1.1, "relaxed": 0.93}
_RANGE: Final = {
    "monotone": 0.4,
    "flat": 0.5,
    "lively": 1.4,
    "expressive": 1.4,
    "energetic": 1.3,
    "joyful": 1.3,
}
_APART: Final = (0.0, 1.0, -1.0, 1.75, -1.75)
"""Semitones between the samples of one description."""


class Wish(Struct, kw_only=True):
    """The body of ``POST voice-generator/generate``."""

    prompt: str
    language: str
    n_samples: Annotated[int, Meta(ge=1, le=5)] = 1


class Promotion(Struct, kw_only=True):
    """The body of ``POST voices/from-embedding``."""

    voxium_embedding_id: str
    name: str
    description: str | None = None


async def generate(call: Call, desk: Desk) -> Answer:
    """Drafts for a description; ready at once."""
    wish = reading.body(call.body, Wish)
    if wish.language not in LANGUAGES:
        expected = ", ".join(LANGUAGES)
        raise OutOfRangeError(
            f"language: expected one of {expected}, got {quoted(wish.language)}", param="language"
        )
    if not wish.prompt.strip():
        raise EmptyTextError("prompt: expected a description of the voice", param="prompt")
    await _sweep(call, desk)
    gender, prosody = understood(wish.prompt)
    voices = _fitting(desk.voices(wish.language), gender)
    made = []
    for index in range(wish.n_samples):
        semitones = prosody.pitch_semitones + _APART[index // len(voices) % len(_APART)]
        draft = VoiceDraft(
            id=DRAFT_PREFIX + secrets.token_hex(12),
            kind="preset",
            name=f"Draft {index + 1}",
            base_voice=voices[index % len(voices)].id,
            gender=gender,
            language=wish.language,
            prosody=msgspec.structs.replace(prosody, pitch_semitones=semitones),
            owner=call.account,
            dialect=DIALECT,
            metadata={DRAFT: True, "prompt": wish.prompt[:2000], "expires_at": call.now + DRAFT_LIFE_S},
        )
        made.append(await desk.create_voice(draft, None))
    return answer({"embeddings": [_entry(voice) for voice in made]})


async def get_embedding(call: Call, desk: Desk) -> Answer:
    """``GET voice-generator/embeddings?embedding_id=``."""
    wanted = dict(call.query).get("embedding_id", "")
    if not wanted:
        raise MissingFieldError("embedding_id: field required", param="query.embedding_id")
    draft = _draft(call, desk, wanted)
    if draft is None:
        raise NotFoundError(f"Embedding {quoted(wanted)} not found or expired", param="query.embedding_id")
    row = {
        **_entry(draft),
        "prompt": draft.metadata["prompt"],
        "language": draft.language,
        "created_at": moment(draft.created_at),
    }
    return answer({"embeddings": [row]})


async def promote(call: Call, desk: Desk) -> Answer:
    """``POST voices/from-embedding``: a draft becomes a voice. Whatever is wrong with the draft is a conflict."""
    said = reading.body(call.body, Promotion)
    draft = _draft(call, desk, said.voxium_embedding_id)
    if draft is None or draft.metadata.get(PROMOTED):
        raise AlreadyExistsError(
            f"Embedding {quoted(said.voxium_embedding_id)} is missing, not ready or already a voice",
            param="voxium_embedding_id",
        )
    made = await desk.create_voice(
        VoiceDraft(
            id=secrets.token_hex(8),
            kind="preset",
            name=said.name,
            description=f"{said.description or ''} {MATCHED}".strip(),
            base_voice=draft.base_voice,
            gender=draft.gender,
            language=draft.language,
            prosody=draft.prosody,
            owner=call.account,
            dialect=DIALECT,
        ),
        None,
    )
    metadata = {**draft.metadata, PROMOTED: made.id}
    await desk.update_voice(draft.id, call.account, metadata=metadata)
    row = {"uid": made.id, "name": made.name, "description": made.description, "language": made.language}
    return answer({**row, "is_catalog": False, "is_pro_clone": False, "start_s": 0.0, "tags": []}, 201)


def understood(prompt: str) -> tuple[Gender, Prosody]:
    """The gender and prosody that a description speaks of. Each word counts once; English only."""
    words = set(_WORD.findall(prompt.lower()))
    gender: Gender = "neutral"
    if bool(words & _WOMAN) != bool(words & _MAN):
        gender = "female" if words & _WOMAN else "male"
    speed = pitch_range = 1.0
    for word in sorted(words):
        speed *= _SPEED.get(word, 1.0)
        pitch_range *= _RANGE.get(word, 1.0)
    semitones = sum(_SEMITONES.get(word, 0.0) for word in words)
    return gender, Prosody(
        speed=min(1.5, max(0.6, speed)),
        pitch_semitones=min(4.0, max(-4.0, semitones)),
        pitch_range=min(2.0, max(0.3, pitch_range)),
    )


def _fitting(voices: Sequence[VoiceInfo], gender: Gender) -> Sequence[VoiceInfo]:
    if not voices:
        raise NotFoundError("No installed voice speaks this language", param="language")
    return [voice for voice in voices if gender in ("neutral", voice.gender)] or voices


def _draft(call: Call, desk: Desk, embedding_id: str) -> CustomVoice | None:
    """The draft of that id, unless it has expired."""
    try:
        voice = desk.custom_voice(embedding_id, call.account)
    except NotFoundError:
        return None
    alive = voice.metadata.get(DRAFT) and voice.metadata["expires_at"] > call.now
    return voice if alive else None


async def _sweep(call: Call, desk: Desk) -> None:
    """Delete the account's drafts that have expired."""
    for voice in list(desk.custom_voices(call.account)):
        if voice.metadata.get(DRAFT) and voice.metadata["expires_at"] <= call.now:
            await desk.delete_voice(voice.id, call.account)


def _entry(draft: CustomVoice) -> dict[str, Any]:
    return {"embedding_id": draft.id, "ready": True, "expires_at": moment(draft.metadata["expires_at"])}
