"""Supertone's voices: the vendor's own by their ids, and every installed voice that speaks one of its languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from vivavoce.dialects.desk import Answer, Call, Desk
from vivavoce.dialects.supertone import errors
from vivavoce.dialects.supertone import messages as wire
from vivavoce.dialects.supertone.cast import CAST, LANGUAGES, MODELS, STYLES
from vivavoce.dialects.supertone.paging import span
from vivavoce.errors import RequestError, UnknownVoiceError, quoted
from vivavoce.speech import VoiceInfo

_encode = msgspec.json.Encoder().encode
PAGE: Final = {"default": 20, "low": 10, "high": 100}


def answered(body: Struct) -> Answer:
    """200 with a JSON body."""
    return Answer(200, errors.JSON, _encode(body))


async def list_voices(call: Call, desk: Desk) -> Answer:
    """``GET /v1/voices``."""
    return _page(rows(desk), dict(call.query))


async def search_voices(call: Call, desk: Desk) -> Answer:
    """``GET /v1/voices/search``: every filter has to fit."""
    query = dict(call.query)
    wanted = [_FILTERS[name](text) for name, text in query.items() if name in _FILTERS and text.strip()]
    return _page([row for row in rows(desk) if all(fits(row) for fits in wanted)], query)


async def get_voice(call: Call, desk: Desk) -> Answer:
    """``GET /v1/voices/{voice_id}``."""
    voice_id = call.path["voice_id"]
    found = next((row for row in rows(desk) if row.voice_id.lower() == voice_id.lower()), None)
    if found is None:
        raise UnknownVoiceError(f"there is no voice {quoted(voice_id)}", param="voice_id")
    return answered(found)


def rows(desk: Desk) -> list[wire.VoiceRow]:
    """All voices, the vendor's first."""
    installed = desk.voices()
    spoken = _languages(tag for voice in installed for tag in voice.languages)
    own = [_character(voice_id, spoken) for voice_id in CAST] if spoken else []
    return own + [row for row in map(_installed, installed) if row.language]


def _page(found: Sequence[wire.VoiceRow], query: Mapping[str, str]) -> Answer:
    at = span(query, **PAGE)
    return answered(wire.Page(list(found[at.start : at.stop]), len(found), at.next_token(len(found))))


def _character(voice_id: str, spoken: list[str]) -> wire.VoiceRow:
    one = CAST[voice_id]
    return _row(voice_id, one.name, one.description, one.age, one.gender, one.use_case, spoken)


def _installed(voice: VoiceInfo) -> wire.VoiceRow:
    description = voice.description or f"{voice.engine} voice."
    spoken = _languages(voice.languages)
    return _row(voice.id, voice.name, description, "young-adult", voice.gender, "narration", spoken)


def _row(
    voice_id: str, name: str, description: str, age: str, gender: str, use_case: str, spoken: list[str]
) -> wire.VoiceRow:
    return wire.VoiceRow(
        voice_id=voice_id,
        name=name,
        description=description or None,
        age=age,
        gender=gender,
        use_case=use_case,
        use_cases=[use_case],
        language=spoken,
        styles=list(STYLES),
        models=[model for model, what in MODELS.items() if set(spoken) & set(what.languages)],
    )


def _languages(tags: Iterable[str]) -> list[str]:
    """Those of the wire's languages that are among ``tags``, in the wire's order."""
    found = {_primary(tag) for tag in tags}
    return [language for language in LANGUAGES if language in found]


def _primary(tag: str) -> str:
    """Of a BCP 47 tag the language alone."""
    return tag.partition("-")[0].lower()


# ---- filters ----------------------------------------------------------------------------------------------------

_Fits = Callable[[wire.VoiceRow], bool]


def _words(of: Callable[[wire.VoiceRow], str]) -> Callable[[str], _Fits]:
    """Every word is found somewhere."""

    def wanted(text: str) -> _Fits:
        words = text.lower().split()
        return lambda row: all(word in of(row).lower() for word in words)

    return wanted


def _any(of: Callable[[wire.VoiceRow], Sequence[str]]) -> Callable[[str], _Fits]:
    """One of the values between commas is there."""

    def wanted(text: str) -> _Fits:
        values = _split(text, ",")
        return lambda row: bool(values & {value.lower() for value in of(row)})

    return wanted


def _style(text: str) -> _Fits:
    """Commas mean one of them, semicolons all of them. Raises RequestError for both together."""
    if "," in text and ";" in text:
        raise RequestError("style: expected commas or semicolons, got both", param="style")
    if ";" in text:
        return lambda row: _split(text, ";") <= set(row.styles)
    return lambda row: bool(_split(text, ",") & set(row.styles))


def _split(text: str, mark: str) -> set[str]:
    return {value.strip().lower() for value in text.split(mark) if value.strip()}


_FILTERS: Final[dict[str, Callable[[str], _Fits]]] = {
    "name": _words(lambda row: row.name),
    "description": _words(lambda row: row.description or ""),
    "language": _any(lambda row: row.language),
    "gender": _any(lambda row: [row.gender]),
    "age": _any(lambda row: [row.age]),
    "use_case": _any(lambda row: row.use_cases),
    "use_cases": _any(lambda row: row.use_cases),
    "model": _any(lambda row: row.models),
    "style": _style,
}
