"""Management calls about models and voices: those of the models, and those that users make."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from vivavoce.dialects.desk import Answer, Call, Desk
from vivavoce.dialects.soniox import rest
from vivavoce.dialects.soniox.models import LANGUAGES, MODELS, SPEED_MAX, SPEED_MIN, Model, tag
from vivavoce.dialects.soniox.voices import LATER, NAMED, SharedVoice, installed
from vivavoce.errors import AlreadyExistsError, MissingFieldError, UnknownModelError, quoted
from vivavoce.records import CustomVoice, VoiceDraft

MAX_SAMPLE_BYTES: Final = 32 << 20
MAX_SAMPLE_S: Final = 120
"""What models say of recordings; longer ones are taken as well."""
_GENDERS: Final = ("male", "female", "neutral")
_AGES: Final = ("young", "middle_aged", "old")


async def tts_models(call: Call, desk: Desk) -> Answer:
    """``GET /v1/tts-models``."""
    languages = [{"code": code, "name": name} for code, name in LANGUAGES.items() if desk.voices(tag(code))]
    return rest.answer(200, {"models": [_model(model, languages, desk) for model in MODELS.values()]})


async def transcription_models(call: Call, desk: Desk) -> Answer:
    """``GET /v1/models``: the vendor's transcription models, of which there are none here."""
    return rest.answer(200, {"models": []})


async def shared_voices(call: Call, desk: Desk) -> Answer:
    """``GET /v1/shared-voices``: every filter has to match."""
    model = MODELS.get(rest.needed(call, "model"))
    if model is None:
        raise UnknownModelError("no such model", param="query.model")
    wanted = {
        "gender": rest.choice(call, "gender", _GENDERS),
        "age": rest.choice(call, "age", _AGES),
        "accent": rest.one(call, "accent"),
    }
    rows = [_shared(voice) for voice in _voices(model, desk)]
    for name, value in wanted.items():
        rows = [row for row in rows if value is None or row[name] == value]
    for name in ("use_case", "style"):
        rows = [row for row in rows if all(value in row[name] for value in rest.many(call, name))]
    page, cursor = rest.paged(call, rows, 100, 200)
    return rest.answer(200, {"voices": page, "next_page_cursor": cursor})


async def list_voices(call: Call, desk: Desk) -> Answer:
    """``GET /v1/voices``: what users have made, oldest first."""
    page, cursor = rest.paged(call, _made(call, desk), 1000, 1000)
    return rest.answer(200, {"voices": [_voice(voice) for voice in page], "next_page_cursor": cursor})


async def count_voices(call: Call, desk: Desk) -> Answer:
    """``GET /v1/voices/count``."""
    return rest.answer(200, {"total": len(_made(call, desk))})


async def get_voice(call: Call, desk: Desk) -> Answer:
    """``GET /v1/voices/{voice_id}``."""
    return rest.answer(200, _voice(desk.custom_voice(call.path["voice_id"], call.account)))


async def create_voice(call: Call, desk: Desk) -> Answer:
    """``POST /v1/voices``: a form with ``name`` and ``file``."""
    name = call.fields.get("name", "").strip()
    if not name:
        raise MissingFieldError("Missing required field: name", param="body.name")
    sample = call.files.get("file")
    if sample is None or not sample.data:
        raise MissingFieldError("Missing required field: file", param="body.file")
    if any(voice.name == name for voice in _made(call, desk)):
        raise AlreadyExistsError(f"A voice with the name {quoted(name)} already exists.", param="body.name")
    draft = VoiceDraft(id=str(uuid4()), name=name, base_voice="", owner=call.account, dialect="soniox")
    return rest.answer(201, _voice(await desk.create_voice(draft, sample)))


async def recompute_voice(call: Call, desk: Desk) -> Answer:
    """``POST /v1/voices/{voice_id}/recompute``: a voice is ready for every model as soon as it is made."""
    voice = desk.custom_voice(call.path["voice_id"], call.account)
    model = rest.written(rest.body(call), "model", 64)
    if model is not None and model not in MODELS:
        raise UnknownModelError("no such model", param="body.model")
    return rest.answer(200, _voice(voice))


async def delete_voice(call: Call, desk: Desk) -> Answer:
    """``DELETE /v1/voices/{voice_id}``."""
    await desk.delete_voice(call.path["voice_id"], call.account)
    return Answer(204, {})


def _voices(model: Model, desk: Desk) -> list[SharedVoice]:
    """The voices of a model; the second one has every installed voice as well, under its own id."""
    if model.alias_of == "tts-rt-v1":
        return list(NAMED)
    return [*NAMED, *LATER, *map(installed, desk.voices())]


def _model(model: Model, languages: list[dict[str, str]], desk: Desk) -> dict[str, Any]:
    return {
        "id": model.id,
        "aliased_model_id": None if model.alias_of == model.id else model.alias_of,
        "name": model.name,
        "voices": [
            {"id": voice.id, "description": voice.description, "gender": voice.gender}
            for voice in _voices(model, desk)
        ],
        "languages": languages,
        "supports_timestamps": True,
        "supports_voice_cloning": True,
        "voice_cloning_max_audio_duration_ms": MAX_SAMPLE_S * 1000,
        "supports_speed_adjustment": True,
        "speed_min": SPEED_MIN,
        "speed_max": SPEED_MAX,
        "supports_silence_reduction": model.silence_reduction,
    }


def _shared(voice: SharedVoice) -> dict[str, Any]:
    return {
        "id": voice.id,
        "description": voice.description,
        "gender": voice.gender,
        "age": voice.tags.age,
        "accent": voice.tags.accent,
        "use_case": list(voice.tags.use_case),
        "style": list(voice.tags.style),
    }


def _made(call: Call, desk: Desk) -> list[CustomVoice]:
    return [voice for voice in desk.custom_voices(call.account) if voice.kind == "custom"]


def _voice(voice: CustomVoice) -> dict[str, Any]:
    return {
        "id": voice.id,
        "name": voice.name,
        "filename": voice.sample.filename if voice.sample else "",
        "created_at": rest.iso(voice.created_at),
        "models": [
            {"model": model.id, "status": "ready"} for model in MODELS.values() if model.alias_of == model.id
        ],
    }
