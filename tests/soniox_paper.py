"""Soniox's adapter in the hands of a test: a resolver of two voices, a connection, and its frames decoded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from rehearsal import VOICE
from vivavoce.dialects.contract import Action, Reply, Start
from vivavoce.dialects.soniox.adapter import SonioxConnection
from vivavoce.errors import UnknownLanguageError, UnknownVoiceError
from vivavoce.speech import VoiceInfo

ID = "00000000-0000-0000-0000-000000000001"
CONFIG = {
    "stream_id": "s1",
    "model": "tts-rt-v1-preview",
    "language": "en",
    "voice": "Adrian",
    "audio_format": "wav",
}


def resolve(name: str, language: str | None) -> VoiceInfo:
    """Knows Adrian and Maya, who speak everything but Galician."""
    if name not in ("Adrian", "Maya"):
        raise UnknownVoiceError("no such voice", param="voice")
    if language == "gl":
        raise UnknownLanguageError("nobody speaks that", param="language")
    return VOICE


def connection(*streams: str, **fields: Any) -> SonioxConnection:
    """A connection with these streams open; ``fields`` go into each one's config."""
    made = SonioxConnection(resolve, 300.0, ID)
    for stream in streams:
        begin(made, stream, **fields)
    return made


def begin(made: SonioxConnection, stream: str, **fields: Any) -> Start:
    """Opens a stream as the loop does."""
    (start,) = made.receive(json.dumps({**CONFIG, "stream_id": stream, **fields}))
    assert isinstance(start, Start), start
    assert made.opened(stream, 24_000) == ()
    return start


def said(actions: Sequence[Action]) -> list[Any]:
    """The frames among ``actions``, decoded."""
    return [json.loads(action.frame) for action in actions if isinstance(action, Reply)]


def failure(code: int, kind: str, message: str, stream: str | None = "s1") -> dict[str, Any]:
    """An error as the wire has it."""
    named = {} if stream is None else {"stream_id": stream}
    return named | {
        "error_code": code,
        "error_type": kind,
        "error_message": message,
        "more_info": f"https://soniox.com/docs/api-reference/errors#{kind.replace('_', '-')}",
        "request_id": ID,
    }


OVER = {"stream_id": "s1", "terminated": True}

MEMBERS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just([])
)
NAMES = st.sampled_from(
    [
        "stream_id",
        "model",
        "language",
        "voice",
        "audio_format",
        "sample_rate",
        "bitrate",
        "speed",
        "reduce_silence",
        "api_key",
        "text",
        "text_end",
        "cancel",
        "keep_alive",
        "return_timestamps",
        "client_reference_id",
    ]
)
"""The members that messages have."""
