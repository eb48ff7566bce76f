"""From the client's bytes to checked structs and commands; every fault becomes one clear error of ours.

Decoding is one pass by msgspec. Only when it fails is the message looked at again, slowly, to say what was
expected and what came.
"""

from __future__ import annotations

import difflib
import re
from typing import Any, Final, get_args

import msgspec

from vivavoce.dialects.native import messages as wire
from vivavoce.dialects.wording import in_json
from vivavoce.errors import (
    MalformedMessageError,
    MissingFieldError,
    OutOfRangeError,
    UnknownOptionError,
    VivavoceError,
    WrongTypeError,
    quoted,
)
from vivavoce.formats import audio_format
from vivavoce.speech import MarkKind, Open, Prosody

_REQUEST: Final = msgspec.json.Decoder(wire.SpeechRequest)
_CLIENT: Final = msgspec.json.Decoder(wire.ClientMessage)
_CLASSES: Final[dict[str, type[Any]]] = {
    str(cls.__struct_config__.tag): cls for cls in wire.ClientMessage.__args__
}
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_SURROGATE = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\)\\u[dD][c-fC-F]")


def request(body: bytes) -> wire.SpeechRequest:
    """The body of ``POST /v1/speech``. Raises RequestError."""
    try:
        return _REQUEST.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        raise explained(body, wire.SpeechRequest, fault) from None


def message(frame: str | bytes) -> wire.ClientMessage:
    """A text frame from the client. Raises RequestError."""
    if isinstance(frame, bytes):
        raise MalformedMessageError("expected a text frame holding a JSON object, got a binary frame")
    try:
        said: wire.ClientMessage = _CLIENT.decode(frame)
        return said
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        raise explained(frame.encode(errors="surrogatepass"), None, fault) from None


def stream_of(frame: str | bytes) -> int | None:
    """The stream that a faulty frame concerns, as far as can be told."""
    try:
        value = msgspec.json.decode(frame)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return None
    cls = _CLASSES.get(value["type"])
    # Pings, and what is about sessions, concern the connection.
    has_stream = cls is not None and "stream" in cls.__struct_fields__
    stream = value.get("stream", 1 if has_stream else None)
    known = isinstance(stream, int) and not isinstance(stream, bool) and 0 <= stream <= wire.MAX_U32
    return stream if known else None


def explained(body: bytes, cls: type[Any] | None, fault: Exception) -> VivavoceError:
    """What is wrong with ``body``, which ``fault`` kept from being a ``cls`` (``None``: any client message)."""
    try:
        value = msgspec.json.decode(body)
    except UnicodeError:
        return MalformedMessageError("expected UTF-8, got bytes that are not")
    except RecursionError:
        return MalformedMessageError("expected a flat JSON object, got one nested too deeply")
    except msgspec.DecodeError as broken:
        if _SURROGATE.search(body):
            return MalformedMessageError("expected whole characters, got half of a surrogate pair (\\ud800…)")
        return MalformedMessageError(f"expected JSON: {_lower(str(broken))}")
    if not isinstance(value, dict):
        return MalformedMessageError(f"expected a JSON object, got {_kind(value)}")
    if cls is None:
        cls = _CLASSES.get(value["type"]) if isinstance(value.get("type"), str) else None
        if cls is None:
            return _untyped(value)
    return _unknown_option(value, cls) or _bad_field(value, str(fault))


def opening(said: wire.Manner, voice_rate_hz: int, **more: Any) -> Open:
    """The command that a request or ``open`` message stands for; ``more`` are further fields of :class:`Open`.

    Raises UnknownFormatError.
    """
    return Open(
        voice=said.voice,
        language=said.language,
        format=audio_format(
            said.format,
            rate_hz=said.sample_rate_hz,
            bit_rate_bps=said.bit_rate_bps,
            voice_rate_hz=voice_rate_hz,
        ),
        prosody=Prosody(
            speed=said.speed,
            pitch_semitones=said.pitch,
            pitch_range=said.pitch_range,
            volume=said.volume,
        ),
        style=said.style,
        style_degree=said.style_degree,
        duration_s=said.duration_s,
        marks=frozenset(said.marks),
        markup=said.markup,
        seed=said.seed,
        dictionary_id=said.dictionary,
        rewrite_rules=said.rewrite,
        reduce_silence=said.reduce_silence,
        **more,
    )


def unknown_option(name: str, known: tuple[str, ...], what: str) -> UnknownOptionError:
    """The error for a field that this wire does not have, naming those that are spelled nearly so."""
    near = difflib.get_close_matches(name.lower(), known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"expected some of {', '.join(known)}"
    return UnknownOptionError(f"{what} has no field {quoted(name)}; {hint}", param=quoted(name)[1:-1])


def _unknown_option(value: dict[str, Any], cls: type[Any]) -> VivavoceError | None:
    known = wire.field_names(cls)
    what = "this request" if known[0] != "type" else f"a message of type {value.get('type')}"
    for name in value:
        if name not in known:
            return unknown_option(name, known, what)
    return None


def _bad_field(value: dict[str, Any], said: str) -> VivavoceError:
    """The error behind msgspec's words ``said``: missing, of the wrong type, or out of range."""
    if missing := _MISSING.search(said):
        return MissingFieldError(f"{missing[1]}: expected this field, got none", param=missing[1])
    found = _PATH.search(said)
    path = found[1] if found else ""
    param = re.split(r"[.\[]", path)[0] or None
    got = _at(value, path)
    expected = in_json(_PATH.sub("", said))
    if expected.startswith("invalid enum value"):
        expected = f"expected one of {', '.join(get_args(MarkKind))}"
    # msgspec says "got" for types only.
    if ", got " in expected:
        return WrongTypeError(f"{path}: {expected.split(', got ')[0]}, got {_kind(got)}", param=param)
    return OutOfRangeError(f"{path}: {expected}, got {quoted(got)}", param=param)


def _untyped(value: dict[str, Any]) -> VivavoceError:
    expected = f"expected one of {', '.join(_CLASSES)}"
    if "type" not in value:
        return MissingFieldError(f"type: {expected}, got none", param="type")
    got = value["type"]
    if not isinstance(got, str):
        return WrongTypeError(f"type: {expected}, got {_kind(got)}", param="type")
    return MalformedMessageError(f"type: {expected}, got {quoted(got)}", param="type")


def _at(value: Any, path: str) -> Any:
    for step in re.findall(r"[^.\[\]]+", path):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _kind(value: Any) -> str:
    """What a JSON value is, in words; only numbers and truth values are shown themselves."""
    if isinstance(value, (bool, int, float)):
        return f"{'a number' if not isinstance(value, bool) else 'a truth value'} ({quoted(value)})"
    names = {str: "a string", list: "a list", dict: "an object", type(None): "null"}
    return names[type(value)]


def _lower(text: str) -> str:
    return text if text.startswith("JSON") else text[:1].lower() + text[1:]
