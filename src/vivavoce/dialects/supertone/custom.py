"""Supertone's custom voices: made from a recording, listed, found, renamed and deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import UNSET

from vivavoce.dialects.desk import Answer, Call, Desk, Upload
from vivavoce.dialects.supertone import errors
from vivavoce.dialects.supertone import messages as wire
from vivavoce.dialects.supertone.paging import span
from vivavoce.dialects.supertone.reading import decoded
from vivavoce.dialects.supertone.voices import PAGE, answered
from vivavoce.errors import (
    MessageTooLargeError,
    MissingFieldError,
    OutOfRangeError,
    UnsupportedMediaError,
    WrongTypeError,
)
from vivavoce.records import CustomVoice, VoiceDraft

MAX_FILE_BYTES: Final = 3 << 20
MAX_FORM_BYTES: Final = MAX_FILE_BYTES + (1 << 16)
"""The recording and what stands around it."""
MAX_NAME_CHARS: Final = 100


async def clone(call: Call, desk: Desk) -> Answer:
    """``POST /v1/custom-voices/cloned-voice``. What comes of it is matched to the recording, not cloned."""
    sample = _recording(call.files)
    draft = VoiceDraft(
        name=_name(call.fields.get("name", "")),
        base_voice="",
        description=call.fields.get("description", ""),
        owner=call.account,
        dialect="supertone",
    )
    made = await desk.create_voice(draft, sample)
    return answered(wire.Created(made.id))


async def list_custom(call: Call, desk: Desk) -> Answer:
    """``GET /v1/custom-voices``."""
    return _page(_custom(call, desk), dict(call.query))


async def search_custom(call: Call, desk: Desk) -> Answer:
    """``GET /v1/custom-voices/search`` by name and description, each word anywhere in it."""
    query = dict(call.query)
    found = [
        voice
        for voice in _custom(call, desk)
        if _has(voice.name, query.get("name", "")) and _has(voice.description, query.get("description", ""))
    ]
    return _page(found, query)


async def get_custom(call: Call, desk: Desk) -> Answer:
    """``GET /v1/custom-voices/{voice_id}``."""
    return answered(_row(desk.custom_voice(call.path["voice_id"], call.account)))


async def edit_custom(call: Call, desk: Desk) -> Answer:
    """``PATCH /v1/custom-voices/{voice_id}``; what is absent stays."""
    said = decoded(call.body, wire.EditRequest)
    changes: dict[str, Any] = {}
    if said.name is not None:
        changes["name"] = _name(said.name)
    if said.description is not UNSET:
        changes["description"] = said.description or ""
    voice_id = call.path["voice_id"]
    voice = desk.custom_voice(voice_id, call.account)
    if changes:
        voice = await desk.update_voice(voice_id, call.account, **changes)
    return answered(_row(voice))


async def delete_custom(call: Call, desk: Desk) -> Answer:
    """``DELETE /v1/custom-voices/{voice_id}``: 204 without a body."""
    await desk.delete_voice(call.path["voice_id"], call.account)
    return Answer(204, {"cache-control": errors.JSON["cache-control"]})


def _recording(files: Mapping[str, Upload]) -> Upload:
    """The file, if it can be a recording. Its bytes tell, not the name or type that the client guessed."""
    sample = files.get("files")
    if sample is None or not sample.data:
        raise MissingFieldError("files: expected a recording, got none", param="files")
    if len(sample.data) > MAX_FILE_BYTES:
        raise MessageTooLargeError(
            f"files: expected at most {MAX_FILE_BYTES} bytes, got {len(sample.data)}", param="files"
        )
    if not (_is_wav(sample.data) or _is_mp3(sample.data)):
        raise UnsupportedMediaError("files: expected WAV or MP3", param="files")
    return sample


def _is_wav(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def _is_mp3(data: bytes) -> bool:
    """An ID3 tag, or a frame's header: eleven bits set, layer III."""
    if data[:3] == b"ID3":
        return True
    return len(data) >= 2 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2


def _name(text: str) -> str:
    if not text.strip():
        raise MissingFieldError("name: expected a name, got none", param="name")
    if len(text) > MAX_NAME_CHARS:
        raise OutOfRangeError(
            f"name: expected at most {MAX_NAME_CHARS} characters, got {len(text)}", param="name"
        )
    if not text.isprintable():
        raise WrongTypeError("name: expected printable characters", param="name")
    return text


def _custom(call: Call, desk: Desk) -> list[CustomVoice]:
    """What the account has made of recordings; presets of the server's operator are none of these."""
    return [voice for voice in desk.custom_voices(call.account) if voice.kind == "custom"]


def _has(text: str, words: str) -> bool:
    return all(word in text.lower() for word in words.lower().split())


def _page(found: Sequence[CustomVoice], query: Mapping[str, str]) -> Answer:
    at = span(query, **PAGE)
    items = [_row(voice) for voice in found[at.start : at.stop]]
    return answered(wire.Page(items, len(found), at.next_token(len(found))))


def _row(voice: CustomVoice) -> wire.CustomVoiceRow:
    return wire.CustomVoiceRow(voice.id, voice.name, voice.description or None)
