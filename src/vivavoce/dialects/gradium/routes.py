"""Gradium's paths, for the server's one table of all of them.

Every path is served under ``/api``, as at the vendor, and without it, as the SDK keeps whatever base it is given. Its
``tts_route=""`` makes a socket of the base itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from vivavoce.dialects.contract import HttpDialect, HttpFactory, Resolve, SocketDialect, SocketFactory
from vivavoce.dialects.desk import Handler, Service
from vivavoce.dialects.gradium import account_calls, designer, dictionary_calls, voice_calls
from vivavoce.dialects.gradium.adapter import GradiumSockets
from vivavoce.dialects.gradium.cast import VOICES
from vivavoce.dialects.gradium.errors import refuse
from vivavoce.dialects.gradium.oneshot import GradiumExchange
from vivavoce.records import Scope
from vivavoce.settings import Settings

__all__ = ["SERVICES", "SOCKETS", "SPEECH", "VOICES", "credential", "refuse"]

BASES: Final = ("/api", "")
_AUTHORIZATION: Final = "api-key "


def credential(
    headers: Mapping[str, str], query: Mapping[str, str], subprotocols: Sequence[str]
) -> str | None:
    """The key, where this vendor's clients put it: its own header, ``Authorization: Api-Key …``, or a browser's
    ``?token=``. Header names are lower case."""
    if key := headers.get("x-api-key"):
        return key
    authorization = headers.get("authorization", "")
    if authorization.lower().startswith(_AUTHORIZATION):
        return authorization[len(_AUTHORIZATION) :].strip() or None
    return query.get("token") or None


def _sockets(resolve: Resolve, settings: Settings) -> SocketDialect:
    return GradiumSockets(settings.idle_timeout_s)


def _speech(resolve: Resolve) -> HttpDialect:
    return lambda path: GradiumExchange()


def _service(
    method: str, path: str, handler: Handler, scope: Scope = "manage", max_body_bytes: int = 1 << 20
) -> tuple[Service, ...]:
    """A plain request at both bases; collections also without their slash, as nothing is ever redirected."""
    spellings = dict.fromkeys((path, path.removesuffix("/")))
    return tuple(
        Service(method, base + spelling, handler, refuse, scope, max_body_bytes)
        for base in BASES
        for spelling in spellings
    )


SOCKETS: Final[Mapping[str, SocketFactory]] = {
    path: _sockets for base in BASES for path in (f"{base}/speech/tts", f"{base}/")
}
SPEECH: Final[Mapping[str, HttpFactory]] = {f"{base}/post/speech/tts": _speech for base in BASES}
SERVICES: Final[Sequence[Service]] = (
    *_service("GET", "/voices/", voice_calls.list_voices, "speech"),
    *_service("POST", "/voices/", voice_calls.create_voice, max_body_bytes=voice_calls.MAX_FORM_BYTES),
    # Before the path that would take it for an id.
    *_service("POST", "/voices/from-embedding", designer.promote),
    *_service("GET", "/voices/{uid}", voice_calls.get_voice, "speech"),
    *_service("PUT", "/voices/{uid}", voice_calls.update_voice),
    *_service("DELETE", "/voices/{uid}", voice_calls.delete_voice),
    *_service("POST", "/voice-generator/generate", designer.generate),
    *_service("GET", "/voice-generator/embeddings", designer.get_embedding),
    *_service("GET", "/pronunciations/", dictionary_calls.list_dictionaries),
    *_service("POST", "/pronunciations/", dictionary_calls.create_dictionary),
    *_service("GET", "/pronunciations/{uid}", dictionary_calls.get_dictionary),
    *_service("PUT", "/pronunciations/{uid}", dictionary_calls.update_dictionary),
    *_service("DELETE", "/pronunciations/{uid}", dictionary_calls.delete_dictionary),
    *_service("GET", "/usages/credits", account_calls.credits_left),
    *_service("GET", "/usages/summary", account_calls.summary),
    *_service("GET", "/api-keys/token", account_calls.token),
)
"""Plain requests, in the order in which they are matched."""
