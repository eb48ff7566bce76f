"""From the client's bytes to checked values, in the vendor's order of checks and in its words.

Source: Soniox "Generate speech" and "WebSocket API" pages, read 2026-11-21. A member that is null counts as absent;
members that the wire does not have are passed over, as the vendor does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final, NoReturn

import orjson

from vivavoce.dialects.contract import Resolve
from vivavoce.dialects.soniox.audio import output
from vivavoce.dialects.soniox.messages import Config
from vivavoce.dialects.soniox.models import LANGUAGES, MODELS, SPEED_MAX, SPEED_MIN, tag
from vivavoce.errors import (
    MalformedMessageError,
    MissingFieldError,
    OutOfRangeError,
    RequestError,
    UnknownLanguageError,
    UnknownModelError,
    UnknownVoiceError,
    WrongTypeError,
)
from vivavoce.speech import Open, Prosody

MAX_NAME: Final = 50
MAX_TEXT: Final = 5000
MAX_KEY: Final = 250
MAX_STREAM_ID: Final = 256
MAX_REFERENCE: Final = 256


def json_object(data: str | bytes) -> dict[str, Any]:
    """The members of a JSON object that are not null. Raises MalformedMessageError.

    Halves of surrogate pairs are let through, because clients cut text where they like; the session mends them.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = _with_half_pairs(data)
    if not isinstance(value, dict):
        raise MalformedMessageError("Invalid message format")
    return {name: member for name, member in value.items() if member is not None}


def stream_id(message: dict[str, Any]) -> str:
    """The stream that a message is about. Raises RequestError when it names none that could be."""
    found = message.get("stream_id")
    if found is None or found == "":
        raise MissingFieldError("Missing required field: stream_id")
    if not isinstance(found, str) or not _encodable(found):
        raise WrongTypeError("Invalid message format")
    if len(found) > MAX_STREAM_ID:
        raise OutOfRangeError(f"Stream ID is too long (max length {MAX_STREAM_ID}).")
    return found


def text(message: dict[str, Any]) -> tuple[str, bool]:
    """Text of a text message, which may be absent, and whether it is the last. Raises RequestError."""
    return _limited_text(_string(message, "text") or ""), _flag(message, "text_end")


def config(message: dict[str, Any]) -> Config:
    """What a config asks for. Raises RequestError for the first fault; names are checked by :func:`check_names`."""
    model, language, voice, form = _required(message, _NAMES)
    _check_lengths(message)
    key = _short(message, "api_key", "API key", MAX_KEY)
    reference = _short(message, "client_reference_id", "Client reference ID", MAX_REFERENCE)
    return Config(
        model=model,
        language=language,
        voice=voice,
        output=output(form, _whole_number(message, "sample_rate"), _whole_number(message, "bitrate")),
        speed=_speed(message),
        reduce_silence=_flag(message, "reduce_silence"),
        timestamps=_flag(message, "return_timestamps"),
        client_reference_id=reference or "",
        api_key=key,
    )


def speech(body: bytes) -> tuple[Config, str]:
    """The body of ``POST /tts``: what to speak with, and the text. Raises RequestError."""
    try:
        message = json_object(body)
    except MalformedMessageError:
        raise MalformedMessageError("Invalid JSON body") from None
    *_, said = _required(message, (*_NAMES, "text"))
    _check_lengths(message)
    _limited_text(said)
    return config(message), said


def check_names(asked: Config, resolve: Resolve) -> None:
    """Raises UnknownVoiceError, UnknownLanguageError or UnknownModelError, in this order.

    A voice that is unknown here may be a caller's own, which only the opening of the stream can tell; so it is an
    error here only when something after it is wrong as well.
    """
    known_model = asked.model in MODELS
    known_language = asked.language in LANGUAGES
    try:
        resolve(asked.voice, tag(asked.language) if known_language else None)
    except UnknownVoiceError:
        if not (known_model and known_language):
            raise invalid_voice(asked) from None
    except UnknownLanguageError:
        known_language = False
    if not known_language:
        raise invalid_language(asked)
    if not known_model:
        raise UnknownModelError("no such model")
    if asked.reduce_silence and not MODELS[asked.model].silence_reduction:
        raise RequestError(f"reduce_silence is not supported by model '{asked.model}'.")


def invalid_voice(asked: Config) -> UnknownVoiceError:
    """The wire's sentence for a voice that is not there."""
    return UnknownVoiceError(f"Invalid voice '{asked.voice}' for model '{asked.model}'.")


def invalid_language(asked: Config) -> UnknownLanguageError:
    """The wire's sentence for a language that is not spoken."""
    return UnknownLanguageError(f"Invalid language '{asked.language}' for model '{asked.model}'.")


def in_its_words(error: RequestError, asked: Config) -> RequestError:
    """``error`` of opening a stream; one about its names is said as the wire says it."""
    match error:
        case UnknownVoiceError():
            return invalid_voice(asked)
        case UnknownLanguageError():
            return invalid_language(asked)
        case _:
            return error


def opening(asked: Config) -> Open:
    """The command that ``asked`` stands for."""
    return Open(
        voice=asked.voice,
        language=tag(asked.language),
        format=asked.output.format,
        prosody=Prosody(speed=asked.speed),
        marks=frozenset({"character"}) if asked.timestamps else frozenset(),
        markup=False,  # the wire knows plain text only
        reduce_silence=asked.reduce_silence,
        model=MODELS[asked.model].alias_of,
        client_reference_id=asked.client_reference_id,
    )


_NAMES: Final = {
    "model": "Model name",
    "language": "Language",
    "voice": "Voice",
    "audio_format": "Audio format",
}


def _with_half_pairs(data: str | bytes) -> Any:
    """``data`` read by the parser that takes lone surrogates. Raises MalformedMessageError."""
    try:
        source = data.decode() if isinstance(data, bytes) else data
        return json.loads(source, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise MalformedMessageError("Invalid JSON body") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _string(message: dict[str, Any], name: str) -> str | None:
    found = message.get(name)
    if found is not None and not isinstance(found, str):
        raise WrongTypeError(f"Invalid message format: {name} must be a string.")
    return found


def _required(message: dict[str, Any], names: Iterable[str]) -> list[str]:
    """All of ``names``: the vendor finds what is missing before it measures what is there."""
    found = []
    for name in names:
        value = _string(message, name)
        if not value:
            raise MissingFieldError(f"Missing required field: {name}")
        found.append(value)
    return found


def _check_lengths(message: dict[str, Any]) -> None:
    for name, label in _NAMES.items():
        _short(message, name, label, MAX_NAME)


def _short(message: dict[str, Any], name: str, label: str, limit: int) -> str | None:
    found = _string(message, name)
    if found is not None and len(found) > limit:
        raise OutOfRangeError(f"{label} is too long (max length {limit}).")
    return found


def _limited_text(found: str) -> str:
    if len(found) > MAX_TEXT:
        raise OutOfRangeError(f"Text is too long (max length {MAX_TEXT}).")
    return found


def _flag(message: dict[str, Any], name: str) -> bool:
    found = message.get(name, False)
    if not isinstance(found, bool):
        raise WrongTypeError(f"Invalid message format: {name} must be true or false.")
    return found


def _whole_number(message: dict[str, Any], name: str) -> int | None:
    found = message.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found != found // 1:
        raise WrongTypeError(f"Invalid message format: {name} must be a whole number.")
    return int(found)


def _speed(message: dict[str, Any]) -> float:
    found = message.get("speed", 1.0)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise WrongTypeError("Invalid message format: speed must be a number.")
    if not SPEED_MIN <= found <= SPEED_MAX:
        shown = str(found)[:20]
        raise OutOfRangeError(f"Invalid speed {shown}. Supported range: {SPEED_MIN:g} to {SPEED_MAX:g}.")
    return float(found)
