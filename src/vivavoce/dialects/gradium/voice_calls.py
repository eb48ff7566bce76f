"""``voices/``: a key's own voices, and the catalogue beside them."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from vivavoce.dialects.desk import Answer, Call, Desk
from vivavoce.dialects.gradium import reading
from vivavoce.dialects.gradium.calls import answer, nothing, number, organisation, truth
from vivavoce.dialects.gradium.cast import CATALOG, CatalogVoice
from vivavoce.errors import MissingFieldError, NotFoundError, WrongTypeError, quoted
from vivavoce.records import CustomVoice, VoiceDraft
from vivavoce.speech import VoiceInfo

DIALECT: Final = "gradium"
MAX_FORM_BYTES: Final = 32 << 20
DEFAULT_LIMIT: Final = 100
MOST: Final = 1 << 31
DRAFT: Final = "draft"
"""Key of a voice's metadata that says that it is the designer's and no voice yet."""


class VoiceChanges(Struct, kw_only=True):
    """The body of ``PUT voices/{uid}``; what is absent or null stays."""

    name: str | None = None
    description: str | None = None
    start_s: Annotated[float, Meta(ge=0)] | None = None
    language: str | None = None
    tags: list[dict[str, Any]] | None = None
    rank: float | UnsetType | None = UNSET


async def list_voices(call: Call, desk: Desk) -> Answer:
    """``GET voices/``: an array; a limit of 0 is none."""
    skip = number(call, "skip", 0, MOST)
    limit = number(call, "limit", DEFAULT_LIMIT, MOST)
    rows = [_row(voice) for voice in _own(call, desk)]
    if truth(call, "include_catalog"):
        rows += [_catalog_row(voice) for voice in CATALOG]
        rows += [_installed_row(voice) for voice in desk.voices()]
    return answer(rows[skip : skip + limit if limit else None])


async def get_voice(call: Call, desk: Desk) -> Answer:
    """``GET voices/{uid}``."""
    uid = call.path["uid"]
    for catalog in CATALOG:
        if catalog.uid == uid:
            return answer(_catalog_row(catalog))
    for installed in desk.voices():
        if installed.id == uid:
            return answer(_installed_row(installed))
    return answer(_row(own(call, desk)))


async def create_voice(call: Call, desk: Desk) -> Answer:
    """``POST voices/``: a voice matched to an uploaded recording."""
    upload = call.files.get("audio_file")
    if upload is None:
        raise MissingFieldError("audio_file: field required", param="audio_file")
    fields = call.fields
    language = fields.get("language", "").strip() or None
    name = fields.get("name", "").strip() or upload.filename or "voice"
    draft = VoiceDraft(
        id=secrets.token_hex(8),
        name=name,
        base_voice="",
        description=fields.get("description", ""),
        language=language,
        owner=call.account,
        dialect=DIALECT,
        metadata={"start_s": _seconds(fields), "input_format": fields.get("input_format", "")},
    )
    made = await desk.create_voice(draft, upload)
    return answer({"uid": made.id, "error": None, "was_updated": False}, 201)


async def update_voice(call: Call, desk: Desk) -> Answer:
    """``PUT voices/{uid}``."""
    voice = own(call, desk)
    said = reading.body(call.body, VoiceChanges)
    changes: dict[str, Any] = {}
    for name in ("name", "description", "language"):
        if (value := getattr(said, name)) is not None:
            changes[name] = value
    extra: dict[str, Any] = {"start_s": said.start_s, "tags": said.tags}
    known: dict[str, Any] = {name: value for name, value in extra.items() if value is not None}
    if said.rank is not UNSET:
        known["rank"] = said.rank
    if known:
        changes["metadata"] = {**voice.metadata, **known}
    if changes:
        voice = await desk.update_voice(voice.id, call.account, **changes)
    return answer(_whole(voice))


async def delete_voice(call: Call, desk: Desk) -> Answer:
    """``DELETE voices/{uid}``."""
    await desk.delete_voice(own(call, desk).id, call.account)
    return nothing()


def own(call: Call, desk: Desk) -> CustomVoice:
    """The voice that the path names. Raises NotFoundError."""
    uid = call.path["uid"]
    try:
        voice = desk.custom_voice(uid, call.account)
    except NotFoundError:
        voice = None
    if voice is None or voice.metadata.get(DRAFT):
        raise NotFoundError(f"Voice {quoted(uid)} not found", param="path.uid")
    return voice


def _own(call: Call, desk: Desk) -> list[CustomVoice]:
    return [voice for voice in desk.custom_voices(call.account) if not voice.metadata.get(DRAFT)]


def _seconds(fields: Mapping[str, str]) -> float:
    text = fields.get("start_s", "").strip() or "0"
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise WrongTypeError(f"start_s: expected seconds, got {quoted(text)}", param="start_s")
    return value


def _row(voice: CustomVoice) -> dict[str, Any]:
    row: dict[str, Any] = {
        "uid": voice.id,
        "name": voice.name,
        "description": voice.description,
        "start_s": float(voice.metadata.get("start_s") or 0.0),
        "is_catalog": False,
        "is_pro_clone": False,
        "tags": voice.metadata.get("tags") or [],
    }
    if voice.sample:
        row["filename"] = voice.sample.filename
    if voice.language:
        row["language"] = voice.language
    return row


def _whole(voice: CustomVoice) -> dict[str, Any]:
    start_s = float(voice.metadata.get("start_s") or 0.0)
    length_s = voice.sample.duration_s if voice.sample else None
    return {
        "uid": voice.id,
        "name": voice.name,
        "description": voice.description,
        "language": voice.language,
        "start_s": start_s,
        "stop_s": max(start_s, length_s or start_s),
        "filename": voice.sample.filename if voice.sample else "",
        "org_uid": organisation(voice.owner),
        "is_pending": False,
        "has_audio": voice.sample is not None,
        "is_pro_clone": False,
    }


def _catalog_row(voice: CatalogVoice) -> dict[str, Any]:
    return _public(voice.uid, voice.name, voice.description, voice.language, voice.gender)


def _installed_row(voice: VoiceInfo) -> dict[str, Any]:
    return _public(voice.id, voice.name, voice.description, voice.language, voice.gender)


def _public(uid: str, name: str, description: str, language: str, gender: str) -> dict[str, Any]:
    return {
        "uid": uid,
        "name": name,
        "description": description,
        "is_catalog": True,
        "is_pro_clone": False,
        "language": language.partition("-")[0],
        "tags": [{"category": "gender", "value": gender}, {"category": "locale", "value": language}],
    }
