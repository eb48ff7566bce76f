"""From a request of Suonora's wire to what is to be spoken."""

from __future__ import annotations

import math
import re
from typing import Final

import msgspec
from msgspec import Struct

from vivavoce.dialects.halves import decoded
from vivavoce.dialects.suonora import messages as wire
from vivavoce.dialects.wording import readable
from vivavoce.errors import (
    EmptyTextError,
    MalformedMessageError,
    OutOfRangeError,
    RequestError,
    TextTooLongError,
    quoted,
)
from vivavoce.formats import AudioFormat, audio_format
from vivavoce.speech import Open, Prosody

FORMAT: Final[AudioFormat] = audio_format("mp3", rate_hz=44_100, bit_rate_bps=128_000)
"""MPEG-1 layer III, which plays everywhere; the vendor names neither rate nor bit rate."""
MAX_SEMITONES: Final = 12.0
NOTHING_TO_SAY: Final = "."
"""Spoken as a short silence."""

_REQUEST: Final = msgspec.json.Decoder(wire.SpeechRequest)
_PITCH: Final = re.compile(r"([+-]?)(\d{1,3}(?:\.\d{1,6})?)%", re.ASCII)
_LANG: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,4}", re.ASCII)
_PATH: Final = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING: Final = re.compile(r"missing required field `([^`]*)`")


class Wish(Struct, frozen=True):
    """A request, understood."""

    open: Open
    text: str


def wish(body: bytes) -> Wish:
    """What a body asks for. Raises RequestError; whether there is such a voice is found when it is opened."""
    said = _decoded(body)
    _check_input(said.input)
    lang = _lang(said.lang)
    semitones = pitch_semitones(said.pitch) if said.pitch else 0.0
    request = Open(
        voice=said.voice,
        language=lang,
        format=FORMAT,
        prosody=Prosody(pitch_semitones=semitones),
        style=said.style or wire.DEFAULT_STYLE,
        style_degree=wire.DEFAULT_DEGREE if said.style_degree is None else said.style_degree,
        markup=False,
        model=said.model,
    )
    # Some text makes no sound at all; a clip without a frame is none.
    return Wish(request, said.input if any(map(str.isalnum, said.input)) else NOTHING_TO_SAY)


def pitch_semitones(text: str) -> float:
    """A signed percentage as semitones: ``p`` % is a fundamental frequency of ``1 + p/100``.

    Below -50 % it stays an octave, so that -100 % is still a voice. Raises OutOfRangeError.
    """
    found = _PITCH.fullmatch(text.strip())
    percent = float(found[1] + found[2]) if found else math.nan
    if not -100 <= percent <= 100:
        raise OutOfRangeError(f"pitch: expected -100% to +100%, got {quoted(text)}", param="pitch")
    return max(-MAX_SEMITONES, 12 * math.log2(max(0.5, 1 + percent / 100)))


def _decoded(body: bytes) -> wire.SpeechRequest:
    try:
        return decoded(body, _REQUEST.decode)
    except msgspec.ValidationError as fault:
        raise _explained(str(fault)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise MalformedMessageError("the body is no JSON object in UTF-8") from None


def _check_input(text: str) -> None:
    if len(text) > wire.MAX_INPUT_CHARS:
        raise TextTooLongError(
            f"input: expected at most {wire.MAX_INPUT_CHARS} characters, got {len(text)}", param="input"
        )
    if not text.strip():
        raise EmptyTextError(
            "input: expected something to say, got nothing or only white space", param="input"
        )


def _lang(tag: str | None) -> str:
    if not tag:
        return wire.DEFAULT_LANG
    if not _LANG.fullmatch(tag):
        raise OutOfRangeError(f"lang: expected a tag such as en-US, got {quoted(tag)}", param="lang")
    return tag.replace("_", "-")


def _explained(said: str) -> RequestError:
    """msgspec's words as an error of ours, with the field in front."""
    if missing := _MISSING.search(said):
        return RequestError(f"{missing[1]}: this field is required", param=missing[1])
    found = _PATH.search(said)
    path = found[1] if found else ""
    what = readable(_PATH.sub("", said), wire.SpeechRequest, path)
    return RequestError(f"{path}: {what}", param=path) if path else RequestError(what)
