"""From a request of Supertone's wire to what is to be spoken.

``duration`` and ``speed``. The vendor's pages say three times that ``duration=5`` with ``speed=2`` gives about 10 s,
and that ``speed`` alone is a rate: 2 halves the length. So a duration is *multiplied* by the speed; who knows the live
service to have done otherwise turns the setting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from vivavoce.dialects.halves import decoded as whole
from vivavoce.dialects.supertone import messages as wire
from vivavoce.dialects.supertone.cast import DEFAULT_MODEL, MODELS, STYLES, Model
from vivavoce.dialects.wording import readable
from vivavoce.errors import (
    EmptyTextError,
    MalformedMessageError,
    OutOfRangeError,
    RequestError,
    TextTooLongError,
    UnknownLanguageError,
    quoted,
)
from vivavoce.formats import AudioFormat, audio_format
from vivavoce.speech import Open, Prosody

RATE_HZ: Final = 44_100
"""The vendor's phoneme times are multiples of 512/44100 s, and its player falls back to this rate."""
MP3_BPS: Final = 128_000
MIN_DURATION_S: Final = 0.1
NOTHING_TO_SAY: Final = "."
"""Spoken as a short silence. The SDK's splitter makes pieces that are punctuation only, and a refusal of one would
fail the whole text."""

_PATH: Final = re.compile(r" - at `\$\.?([^`]*)`$")
_FIELD: Final = re.compile(r"`([^`]*)`")
_Body = TypeVar("_Body", bound=Struct)


class Manner(Struct, frozen=True, kw_only=True):
    """What the operator has decided of this wire."""

    speed_divides: bool = False
    """Whether ``speed`` shortens a ``duration`` instead of lengthening it."""
    any_model_streams: bool = False
    """Whether every model streams, and not only the one that the vendor lets stream."""


class Wish(Struct, frozen=True):
    """A request, understood."""

    open: Open
    text: str
    phonemes: bool
    """Whether the answer is JSON or lines, with or without phonemes in it."""


def decoded(body: bytes, kind: type[_Body]) -> _Body:
    """The body as a ``kind``. Raises RequestError."""
    try:
        return whole(body, lambda text: msgspec.json.decode(text, type=kind))
    except msgspec.ValidationError as fault:
        raise _explained(str(fault), kind) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise MalformedMessageError("the body is no JSON object in UTF-8") from None


def wish(
    body: bytes,
    query: Mapping[str, str],
    voice_id: str,
    manner: Manner,
    *,
    streaming: bool = False,
) -> Wish:
    """What a speech request asks for. Raises RequestError; whether there is such a voice is found when it is opened."""
    said = decoded(body, wire.SpeechRequest)
    form = _format(said, query)
    style = _style(said)
    text = _text(said)
    model = _model(said, manner, streaming=streaming)
    settings = said.voice_settings or wire.VoiceSettings()
    timed = model.phonemes and bool(said.include_phonemes)
    speed, duration_s = _pace(settings, model, manner)
    request = Open(
        voice=voice_id,
        language=said.language,
        format=form,
        prosody=_prosody(settings, model, speed),
        style=style,
        duration_s=duration_s,
        marks=frozenset({"phoneme"} if timed else ()),
        markup=False,
        known_length=not streaming,
        model=said.model or DEFAULT_MODEL,
    )
    if model.normalized_text and (said.normalized_text or "").strip():
        text = said.normalized_text or text
    return Wish(request, text, bool(said.include_phonemes))


def _text(said: wire.SpeechRequest) -> str:
    if len(said.text) > wire.MAX_TEXT_CHARS:
        raise TextTooLongError(
            f"text: expected at most {wire.MAX_TEXT_CHARS} characters, got {len(said.text)}", param="text"
        )
    if not said.text.strip():
        raise EmptyTextError("text: expected something to say, got nothing or only white space", param="text")
    text = said.text.replace("#", "")
    return text if any(map(str.isalnum, text)) else NOTHING_TO_SAY


def _format(said: wire.SpeechRequest, query: Mapping[str, str]) -> AudioFormat:
    """The format of the body, or else of the query, where older clients put it."""
    name = said.output_format or query.get("output_format") or "wav"
    if name == "wav":
        return audio_format("wav", rate_hz=RATE_HZ)
    if name == "mp3":
        return audio_format("mp3", rate_hz=RATE_HZ, bit_rate_bps=MP3_BPS)
    raise OutOfRangeError(f"output_format: expected wav or mp3, got {quoted(name)}", param="output_format")


def _style(said: wire.SpeechRequest) -> str:
    style = (said.style or STYLES[0]).strip().lower()
    if style not in STYLES:
        raise OutOfRangeError(
            f"style: expected one of {', '.join(STYLES)}, got {quoted(said.style)}", param="style"
        )
    return style


def _model(said: wire.SpeechRequest, manner: Manner, *, streaming: bool) -> Model:
    name = said.model or DEFAULT_MODEL
    model = MODELS[name]
    if streaming and not (model.streams or manner.any_model_streams):
        able = ", ".join(one for one, what in MODELS.items() if what.streams)
        raise RequestError(f"model: {name} does not stream; expected {able}", param="model")
    if said.language not in model.languages:
        raise UnknownLanguageError(
            f"language: {name} does not speak {said.language}; expected one of {', '.join(model.languages)}",
            param="language",
        )
    return model


def _pace(settings: wire.VoiceSettings, model: Model, manner: Manner) -> tuple[float, float | None]:
    """Rate of speech, and seconds to fill if any."""
    speed = 1.0 if settings.speed is None else settings.speed
    if not settings.duration or not model.expressive:
        return speed, None
    target_s = settings.duration / speed if manner.speed_divides else settings.duration * speed
    return 1.0, max(MIN_DURATION_S, target_s)


def _prosody(settings: wire.VoiceSettings, model: Model, speed: float) -> Prosody:
    if not model.expressive:
        return Prosody(speed=speed)
    return Prosody(
        speed=speed,
        pitch_semitones=settings.pitch_shift or 0.0,
        pitch_range=1.0 if settings.pitch_variance is None else settings.pitch_variance,
    )


def _explained(said: str, kind: type[Struct]) -> RequestError:
    """msgspec's words as an error of ours, with the field in front."""
    found = _PATH.search(said)
    path = found[1] if found else ""
    what = readable(_PATH.sub("", said), kind, path)
    if said.startswith("Object missing required field"):
        missing = _FIELD.search(said)
        path = missing[1] if missing else path
        what = "this field is required"
    more: dict[str, Any] = {"param": path} if path else {}
    return RequestError(f"{path}: {what}" if path else what, **more)
