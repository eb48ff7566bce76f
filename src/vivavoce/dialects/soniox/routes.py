"""Soniox's paths, for the server's one table of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vivavoce.dialects.contract import HttpDialect, HttpFactory, Resolve, SocketDialect, SocketFactory
from vivavoce.dialects.desk import Service
from vivavoce.dialects.soniox import account_calls, voice_calls
from vivavoce.dialects.soniox.adapter import SonioxExchange, SonioxSockets, credential
from vivavoce.dialects.soniox.rest import refuse, refuse_voice
from vivavoce.settings import Settings

__all__ = ["SERVICES", "SOCKETS", "SPEECH", "credential", "refuse"]

_VOICE: Final = "/v1/voices/{voice_id}"


def _sockets(resolve: Resolve, settings: Settings) -> SocketDialect:
    return SonioxSockets(resolve, settings.idle_timeout_s)


def _speech(resolve: Resolve) -> HttpDialect:
    return lambda path: SonioxExchange(resolve)


SOCKETS: Final[Mapping[str, SocketFactory]] = {"/tts-websocket": _sockets}
SPEECH: Final[Mapping[str, HttpFactory]] = {"/tts": _speech}
SERVICES: Final = (
    Service("GET", "/v1/tts-models", voice_calls.tts_models, refuse),
    Service("GET", "/v1/models", voice_calls.transcription_models, refuse),
    Service("GET", "/v1/shared-voices", voice_calls.shared_voices, refuse),
    Service("GET", "/v1/voices", voice_calls.list_voices, refuse),
    Service(
        "POST",
        "/v1/voices",
        voice_calls.create_voice,
        refuse,
        scope="manage",
        max_body_bytes=voice_calls.MAX_SAMPLE_BYTES,
    ),
    # Before the path that would take "count" for an id.
    Service("GET", "/v1/voices/count", voice_calls.count_voices, refuse),
    Service("GET", _VOICE, voice_calls.get_voice, refuse_voice),
    Service("DELETE", _VOICE, voice_calls.delete_voice, refuse_voice, scope="manage"),
    Service("POST", f"{_VOICE}/recompute", voice_calls.recompute_voice, refuse_voice, scope="manage"),
    Service("POST", "/v1/auth/temporary-api-key", account_calls.temporary_key, refuse, scope="manage"),
    Service("GET", "/v1/concurrency-limits", account_calls.concurrency_limits, refuse, scope="manage"),
    Service("GET", "/v1/concurrent-streams-history", account_calls.streams_history, refuse, scope="manage"),
    Service("GET", "/v1/usage-logs", account_calls.usage_logs, refuse, scope="manage"),
    Service("GET", "/v1/usage/summary", account_calls.usage_summary, refuse, scope="manage"),
)
"""Plain requests, in the order in which they are matched."""
