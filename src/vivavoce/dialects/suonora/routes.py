"""What Suonora's wire has to offer to the server's table of paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from vivavoce.dialects.contract import HttpFactory, SocketFactory
from vivavoce.dialects.desk import Service
from vivavoce.dialects.suonora import errors, rest
from vivavoce.dialects.suonora.adapter import SuonoraExchange
from vivavoce.dialects.suonora.cast import VOICES as VOICES

SPEECH_PATH: Final = "/v1/audio/speech"
STREAM_PATH: Final = "/v1/audio/stream"

SOCKETS: Final[Mapping[str, SocketFactory]] = {}
"""This wire has no sockets."""
SPEECH: Final[Mapping[str, HttpFactory]] = {
    SPEECH_PATH: lambda resolve: lambda path: SuonoraExchange(streaming=False),
    STREAM_PATH: lambda resolve: lambda path: SuonoraExchange(streaming=True),
}
SERVICES: Final[Sequence[Service]] = (
    Service("GET", "/v1/voices/list", rest.list_voices, errors.answer),
    Service("GET", "/v1/balance", rest.balance, errors.answer),
    Service("GET", "/v1/user/balance", rest.balance, errors.answer),
)
refuse: Final = errors.answer


def credential(
    headers: Mapping[str, str], query: Mapping[str, str], subprotocols: Sequence[str]
) -> str | None:
    """The key, where this vendor's clients put it."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None
