"""What lasts, on the native wire: dictionaries, voices of one's own, and keys, as plain JSON calls."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from vivavoce.dialects.desk import Answer, Call, Desk, Service, Upload
from vivavoce.dialects.native import errors, reading
from vivavoce.dialects.native.messages import Name
from vivavoce.errors import VivavoceError
from vivavoce.records import CustomVoice, Dictionary, IssuedKey, Key, KeyLimits, Scope, VoiceDraft
from vivavoce.speech import Gender, Prosody
from vivavoce.text.pronounce import Entry

MAX_SAMPLE_BYTES: Final = 10 << 20
T = TypeVar("T", bound=Struct)


class EntryRow(Struct, forbid_unknown_fields=True):
    """One rule of a dictionary: a word or phrase, and how to say it."""

    original: Annotated[str, Meta(min_length=1, max_length=256)]
    rewrite: Annotated[str, Meta(max_length=1024)]
    case_sensitive: bool = False


class DictionaryDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/speech/dictionaries``."""

    name: Name
    entries: list[EntryRow] = []
    language: Annotated[str, Meta(max_length=64)] | None = None
    description: Annotated[str, Meta(max_length=4096)] = ""


class DictionaryChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """The body of ``PUT /v1/speech/dictionaries/{id}``: what is left out stays."""

    name: Name | UnsetType = UNSET
    entries: list[EntryRow] | UnsetType = UNSET
    language: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    description: Annotated[str, Meta(max_length=4096)] | UnsetType = UNSET


class DictionaryRow(Struct):
    """A pronunciation dictionary. ``id`` goes into a request's ``dictionary``."""

    id: str
    name: str
    language: str | None
    description: str
    entries: list[EntryRow]
    created_at: float
    updated_at: float


class Dictionaries(Struct):
    """``GET /v1/speech/dictionaries``."""

    dictionaries: list[DictionaryRow]


class OwnVoiceDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/speech/custom-voices`` as JSON: a preset over an installed voice."""

    name: Name
    base_voice: Name
    id: Name | None = None
    description: Annotated[str, Meta(max_length=4096)] = ""
    language: Annotated[str, Meta(max_length=64)] | None = None
    speed: Annotated[float, Meta(ge=0.25, le=4)] = 1.0
    pitch: Annotated[float, Meta(ge=-24, le=24)] = 0.0
    pitch_range: Annotated[float, Meta(ge=0, le=2)] = 1.0
    volume: Annotated[float, Meta(ge=0, le=4)] = 1.0
    style: Name = "neutral"
    style_degree: Annotated[float, Meta(ge=0, le=2)] = 1.0


class OwnVoiceRow(Struct):
    """A voice of one's own; ``id`` goes into a request's ``voice``."""

    id: str
    kind: Literal["custom", "preset"]
    name: str
    description: str
    language: str | None
    gender: Gender
    base_voice: str
    speed: float
    pitch: float
    pitch_range: float
    volume: float
    style: str
    style_degree: float
    created_at: float


class OwnVoices(Struct):
    """``GET /v1/speech/custom-voices``."""

    voices: list[OwnVoiceRow]


class LimitsRow(Struct, frozen=True, forbid_unknown_fields=True):
    """What one key may take; null is no limit."""

    concurrent_streams: Annotated[int, Meta(ge=0)] | None = None
    requests_per_minute: Annotated[int, Meta(ge=0)] | None = None
    characters_per_month: Annotated[int, Meta(ge=0)] | None = None


class KeyDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/speech/keys``."""

    name: Name
    scopes: tuple[Scope, ...] = ("speech", "manage")
    expires_at: float | None = None
    """Unix seconds."""
    limits: LimitsRow = LimitsRow()


class KeyRow(Struct, omit_defaults=True):
    """An API key. ``secret`` comes once, when it is made."""

    id: str
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    limits: LimitsRow
    secret: str | UnsetType = UNSET


class Keys(Struct):
    """``GET /v1/speech/keys``."""

    keys: list[KeyRow]


def refuse(error: VivavoceError) -> Answer:
    """Any failure, in the native error body."""
    return Answer(*errors.http(error))


# ---- dictionaries -------------------------------------------------------------------------------------------------


async def list_dictionaries(call: Call, desk: Desk) -> Answer:
    """Those that the caller may see, oldest first."""
    return _json(Dictionaries([_dictionary(one) for one in desk.dictionaries(call.account)]))


async def get_dictionary(call: Call, desk: Desk) -> Answer:
    """One of them. Raises NotFoundError."""
    return _json(_dictionary(desk.dictionary(call.path["id"], call.account)))


async def create_dictionary(call: Call, desk: Desk) -> Answer:
    """A new one, of the caller's account. Raises RequestError."""
    draft = _read(call.body, DictionaryDraft)
    made = await desk.create_dictionary(
        name=draft.name,
        language=draft.language,
        description=draft.description,
        entries=_entries(draft.entries),
        account=call.account,
    )
    return _json(_dictionary(made), 201)


async def update_dictionary(call: Call, desk: Desk) -> Answer:
    """What the body names is changed, what it leaves out stays. Raises RequestError."""
    change = _read(call.body, DictionaryChange)
    changes: dict[str, Any] = {
        name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET
    }
    if "entries" in changes:
        changes["entries"] = _entries(changes["entries"])
    return _json(_dictionary(await desk.update_dictionary(call.path["id"], call.account, **changes)))


async def delete_dictionary(call: Call, desk: Desk) -> Answer:
    """Streams that use it go on. Raises NotFoundError."""
    await desk.delete_dictionary(call.path["id"], call.account)
    return Answer(204, {})


# ---- voices of one's own ------------------------------------------------------------------------------------------


async def list_voices(call: Call, desk: Desk) -> Answer:
    """Those that the caller may see, oldest first."""
    return _json(OwnVoices([_voice(one) for one in desk.custom_voices(call.account)]))


async def get_voice(call: Call, desk: Desk) -> Answer:
    """One of them. Raises NotFoundError."""
    return _json(_voice(desk.custom_voice(call.path["id"], call.account)))


async def create_voice(call: Call, desk: Desk) -> Answer:
    """A preset from JSON, or a voice matched to a recording from a form with ``file`` and the same fields."""
    sample: Upload | None = call.files.get("file")
    if sample is not None:
        given = _read(msgspec.json.encode({"base_voice": "", **_typed(call.fields)}), OwnVoiceDraft)
    else:
        given = _read(call.body, OwnVoiceDraft)
    draft = VoiceDraft(
        id=given.id,
        kind="preset" if sample is None else "custom",
        name=given.name,
        base_voice=given.base_voice,
        description=given.description,
        language=given.language,
        gender=desk.resolve(given.base_voice).gender if given.base_voice else "neutral",
        prosody=Prosody(
            speed=given.speed,
            pitch_semitones=given.pitch,
            pitch_range=given.pitch_range,
            volume=given.volume,
        ),
        style=given.style,
        style_degree=given.style_degree,
        owner=call.account,
    )
    return _json(_voice(await desk.create_voice(draft, sample)), 201)


async def delete_voice(call: Call, desk: Desk) -> Answer:
    """Its recording goes, too; streams that use it go on. Raises NotFoundError."""
    await desk.delete_voice(call.path["id"], call.account)
    return Answer(204, {})


# ---- keys ---------------------------------------------------------------------------------------------------------


async def list_keys(call: Call, desk: Desk) -> Answer:
    """Every lasting key, oldest first, without secrets."""
    return _json(Keys([_key(one) for one in desk.all_keys()]))


async def create_key(call: Call, desk: Desk) -> Answer:
    """A new key and, this once, its secret. Raises RequestError."""
    draft = _read(call.body, KeyDraft)
    limits = KeyLimits(**{name: getattr(draft.limits, name) for name in KeyLimits.__struct_fields__})
    made = await desk.create_key(draft.name, draft.scopes, draft.expires_at, limits)
    return _json(_key(made.key, made), 201)


async def revoke_key(call: Call, desk: Desk) -> Answer:
    """The key and the temporary ones that it made are refused from now on. Raises NotFoundError."""
    return _json(_key(await desk.revoke_key(call.path["id"])))


# ---- within -------------------------------------------------------------------------------------------------------


def _read(body: bytes, cls: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=cls)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        raise reading.explained(body, cls, fault) from None


def _typed(fields: Any) -> dict[str, Any]:
    """A form's text fields, numbers as numbers where the struct wants them."""
    numbers = {"speed", "pitch", "pitch_range", "volume", "style_degree"}
    typed: dict[str, Any] = {}
    for name, text in fields.items():
        try:
            typed[name] = float(text) if name in numbers else text
        except ValueError:
            typed[name] = text
    return typed


def _json(value: Struct, status: int = 200) -> Answer:
    return Answer(
        status, {"content-type": "application/json", "cache-control": "no-store"}, msgspec.json.encode(value)
    )


def _entries(rows: list[EntryRow]) -> list[Entry]:
    return [Entry(row.original, row.rewrite, row.case_sensitive) for row in rows]


def _dictionary(one: Dictionary) -> DictionaryRow:
    entries = [EntryRow(entry.original, entry.rewrite, entry.case_sensitive) for entry in one.entries]
    return DictionaryRow(
        one.id, one.name, one.language, one.description, entries, one.created_at, one.updated_at
    )


def _voice(one: CustomVoice) -> OwnVoiceRow:
    return OwnVoiceRow(
        id=one.id,
        kind=one.kind,
        name=one.name,
        description=one.description,
        language=one.language,
        gender=one.gender,
        base_voice=one.base_voice,
        speed=one.prosody.speed,
        pitch=one.prosody.pitch_semitones,
        pitch_range=one.prosody.pitch_range,
        volume=one.prosody.volume,
        style=one.style,
        style_degree=one.style_degree,
        created_at=one.created_at,
    )


def _key(one: Key, issued: IssuedKey | None = None) -> KeyRow:
    limits = LimitsRow(**{name: getattr(one.limits, name) for name in LimitsRow.__struct_fields__})
    return KeyRow(
        id=one.id,
        name=one.name,
        prefix=one.prefix,
        scopes=list(one.scopes),
        created_at=one.created_at,
        expires_at=one.expires_at,
        revoked_at=one.revoked_at,
        limits=limits,
        secret=issued.secret if issued else UNSET,
    )


_DICTIONARY: Final = "/v1/speech/dictionaries/{id}"
_VOICE: Final = "/v1/speech/custom-voices/{id}"
SERVICES: Final = (
    Service("GET", "/v1/speech/dictionaries", list_dictionaries, refuse),
    Service("POST", "/v1/speech/dictionaries", create_dictionary, refuse, scope="manage"),
    Service("GET", _DICTIONARY, get_dictionary, refuse),
    Service("PUT", _DICTIONARY, update_dictionary, refuse, scope="manage"),
    Service("DELETE", _DICTIONARY, delete_dictionary, refuse, scope="manage"),
    Service("GET", "/v1/speech/custom-voices", list_voices, refuse),
    Service(
        "POST",
        "/v1/speech/custom-voices",
        create_voice,
        refuse,
        scope="manage",
        max_body_bytes=MAX_SAMPLE_BYTES,
    ),
    Service("GET", _VOICE, get_voice, refuse),
    Service("DELETE", _VOICE, delete_voice, refuse, scope="manage"),
    Service("GET", "/v1/speech/keys", list_keys, refuse, scope="admin"),
    Service("POST", "/v1/speech/keys", create_key, refuse, scope="admin"),
    Service("DELETE", "/v1/speech/keys/{id}", revoke_key, refuse, scope="admin"),
)
