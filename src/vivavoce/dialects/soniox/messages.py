"""Messages of the socket: what a config asks for, and the frames that the server sends.

Absent members are left out and never null: the Node client tests for presence, the Python client for type. Source:
Soniox "WebSocket API" page and the clients' own parsers (Python 2.10.0, Node 2.3.0), read 2026-11-21.
"""

from __future__ import annotations

from typing import Any

import orjson
import pybase64
from msgspec import Struct

from vivavoce.dialects.soniox import errors
from vivavoce.dialects.soniox.audio import Output
from vivavoce.errors import VivavoceError


class Config(Struct, frozen=True, kw_only=True):
    """What a stream, or ``POST /tts``, is to be. Lengths, ranges and the format are checked; names are not."""

    model: str
    language: str
    voice: str
    output: Output
    speed: float
    reduce_silence: bool
    timestamps: bool
    client_reference_id: str
    api_key: str | None


def audio(stream: str, data: bytes, *, last: bool, timestamps: dict[str, Any] | None) -> str:
    """A piece of audio; ``last`` says that nothing audible follows."""
    message: dict[str, Any] = {
        "stream_id": stream,
        "audio": pybase64.b64encode_as_string(data),
        "audio_end": last,
    }
    return _frame(message, timestamps)


def audio_end(stream: str, timestamps: dict[str, Any] | None) -> str:
    """Nothing audible follows, when there is no audio to say it with."""
    return _frame({"stream_id": stream, "audio_end": True}, timestamps)


def terminated(stream: str) -> str:
    """The last message of a stream; its id is free again."""
    return _frame({"stream_id": stream, "terminated": True})


def still_open(stream: str) -> str:
    """An event without content, which every client passes over."""
    return _frame({"stream_id": stream})


def error(failure: VivavoceError, request_id: str, stream: str | None) -> str:
    """An error of ``stream``, or of the whole connection, whose messages have no ``stream_id`` at all."""
    fields = errors.stream_fields(failure, request_id)
    return _frame(fields if stream is None else {"stream_id": stream, **fields})


def _frame(message: dict[str, Any], timestamps: dict[str, Any] | None = None) -> str:
    if timestamps is not None:
        message["timestamps"] = timestamps
    return orjson.dumps(message).decode()
