"""Gradium's messages: what its clients send, and how what they are told is spelled.

Sources: gradium-py 0.6.4, gradium-rs 0.1.11 and docs.gradium.ai, read 2026-11-21. Fields that this server has no use
for (``retry_for_s`` and any other) are ignored, as the vendor's SDK passes on whatever it is given. Optional fields
may be ``null``. The Rust client knows no other messages to itself than those below and needs all of their fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
import pybase64
from msgspec import Struct

FRAME_MS: Final = 80
"""Audio in one message, but for a request's last."""


class Setup(Struct, tag_field="type", tag="setup", kw_only=True):
    """The first message of a request."""

    model_name: str | None = None
    voice_id: str | None = None
    """Goes before ``voice``."""
    voice: str | None = None
    """A voice's name."""
    output_format: str | None = None
    json_config: Any = None
    """An object, or a string that holds one; see :mod:`.config`."""
    pronunciation_id: str | None = None
    client_req_id: str | None = None
    """Names the request in every message of it, when several share a socket."""
    close_ws_on_eos: bool | None = None
    """Whether the socket closes after this request's ``end_of_stream``; it does unless told not to."""


class TextPiece(Struct, tag_field="type", tag="text", kw_only=True):
    """More text; see :mod:`.joining` for how it continues the text before."""

    text: str
    client_req_id: str | None = None


class EndOfStream(Struct, tag_field="type", tag="end_of_stream", kw_only=True):
    """No more text."""

    client_req_id: str | None = None


class FlushRequest(Struct, tag_field="type", tag="flush", kw_only=True):
    """Taken like ``<flush>`` in the text. The vendor has this message for recognition only; one third-party
    description of its wire has it here too."""

    client_req_id: str | None = None


ClientMessage = Setup | TextPiece | EndOfStream | FlushRequest


class OneShot(Struct, kw_only=True):
    """The body of ``POST post/speech/tts``."""

    text: str
    voice_id: str
    output_format: str
    only_audio: bool | None = None
    """Whether the answer is the audio itself rather than a line of JSON for every message."""
    model_name: str | None = None
    json_config: Any = None
    pronunciation_id: str | None = None


def ready(*, request_id: str, model_name: str, rate_hz: int, client_req_id: str | None) -> dict[str, Any]:
    """The first message of a request to the client."""
    return _stamped(
        {
            "type": "ready",
            "request_id": request_id,
            "model_name": model_name,
            "sample_rate": rate_hz,
            "frame_size": rate_hz * FRAME_MS // 1000,
            "audio_stream_names": [],
            "text_stream_names": [],
        },
        client_req_id,
    )


def audio(data: bytes, start_s: float, stop_s: float, client_req_id: str | None) -> dict[str, Any]:
    """A piece of audio, and where it lies in all the audio of its request."""
    return _stamped(
        {
            "type": "audio",
            "audio": pybase64.b64encode_as_string(data),
            "start_s": start_s,
            "stop_s": stop_s,
            "stream_id": 0,
        },
        client_req_id,
    )


def text(word: str, start_s: float, stop_s: float, client_req_id: str | None) -> dict[str, Any]:
    """One word with its punctuation, and where it is heard."""
    return _stamped(
        {"type": "text", "text": word, "start_s": start_s, "stop_s": stop_s, "stream_id": 0}, client_req_id
    )


def end_of_stream(client_req_id: str | None) -> dict[str, Any]:
    """The last message of a request that did not fail."""
    return _stamped({"type": "end_of_stream"}, client_req_id)


def error(message: str, code: int, client_req_id: str | None) -> dict[str, Any]:
    """The last message of a request that failed. ``code`` is that of the close that follows it."""
    return _stamped({"type": "error", "message": message, "code": code}, client_req_id)


def encoded(message: Mapping[str, Any]) -> str:
    """A message as a text frame."""
    return orjson.dumps(message).decode()


def _stamped(message: dict[str, Any], client_req_id: str | None) -> dict[str, Any]:
    if client_req_id is not None:
        message["client_req_id"] = client_req_id
    return message
