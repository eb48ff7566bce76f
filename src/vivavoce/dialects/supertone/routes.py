"""What Supertone's wire has to offer to the server's table of paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from vivavoce.dialects.contract import Exchange, HttpDialect, HttpFactory, Resolve, SocketFactory
from vivavoce.dialects.desk import Answer, Call, Desk, Handler, Refuse, Service
from vivavoce.dialects.supertone import custom, errors, reading, usage, voices
from vivavoce.dialects.supertone import messages as wire
from vivavoce.dialects.supertone.adapter import SupertoneExchange
from vivavoce.dialects.supertone.cast import VOICES as VOICES
from vivavoce.dialects.supertone.reading import RATE_HZ
from vivavoce.dialects.supertone.reading import Manner as Manner
from vivavoce.formats import audio_format
from vivavoce.records import Scope

CREATE: Final = "/v1/text-to-speech/{voice_id}"
STREAM: Final = "/v1/text-to-speech/{voice_id}/stream"

SOCKETS: Final[Mapping[str, SocketFactory]] = {}
"""This wire has no sockets."""
refuse: Final = errors.answer


def credential(
    headers: Mapping[str, str], query: Mapping[str, str], subprotocols: Sequence[str]
) -> str | None:
    """The key, where this vendor's clients put it."""
    return headers.get("x-sup-api-key") or None


def speech(manner: Manner) -> Mapping[str, HttpFactory]:
    """The speech calls, in the manner that the operator has chosen."""
    return {CREATE: _calls(manner, streaming=False), STREAM: _calls(manner, streaming=True)}


def services(manner: Manner) -> Sequence[Service]:
    """The plain calls. The order matters: ``search`` is no voice id."""
    return (
        Service("POST", "/v1/predict-duration/{voice_id}", _predicting(manner), errors.answer),
        _service("GET", "/v1/voices", voices.list_voices),
        _service("GET", "/v1/voices/search", voices.search_voices),
        _service("GET", "/v1/voices/{voice_id}", voices.get_voice),
        _service(
            "POST",
            "/v1/custom-voices/cloned-voice",
            custom.clone,
            "manage",
            errors.clone_answer,
            custom.MAX_FORM_BYTES,
        ),
        _service("GET", "/v1/custom-voices", custom.list_custom),
        _service("GET", "/v1/custom-voices/search", custom.search_custom),
        _service("GET", "/v1/custom-voices/{voice_id}", custom.get_custom),
        _service("PATCH", "/v1/custom-voices/{voice_id}", custom.edit_custom, "manage"),
        _service("DELETE", "/v1/custom-voices/{voice_id}", custom.delete_custom, "manage"),
        _service("GET", "/v1/credits", usage.credits),
        _service("GET", "/v1/usage", usage.usage, "manage"),
        _service("GET", "/v1/voice-usage", usage.voice_usage, "manage"),
    )


def _service(
    method: str,
    path: str,
    handler: Handler,
    scope: Scope = "speech",
    refusal: Refuse = errors.answer,
    max_body_bytes: int = 1 << 20,
) -> Service:
    return Service(method, path, handler, refusal, scope, max_body_bytes)


def _calls(manner: Manner, *, streaming: bool) -> HttpFactory:
    def dialect(resolve: Resolve) -> HttpDialect:
        def exchange(path: Mapping[str, str]) -> Exchange:
            return SupertoneExchange(path["voice_id"], manner, streaming=streaming)

        return exchange

    return dialect


def _predicting(manner: Manner) -> Handler:
    async def predict(call: Call, desk: Desk) -> Answer:
        """``POST /v1/predict-duration/{voice_id}``: the text is spoken and thrown away, so the answer is true."""

        wish = reading.wish(call.body, dict(call.query), call.path["voice_id"], manner)
        desk.resolve(wish.open.voice, wish.open.language, account=call.account)
        request = msgspec.structs.replace(
            wish.open,
            format=audio_format("pcm_s16le", rate_hz=RATE_HZ),
            marks=frozenset(),
            account=call.account,
        )
        return voices.answered(wire.Predicted(await desk.duration_s(request, wish.text, call.key)))

    return predict


SPEECH: Final = speech(Manner())
SERVICES: Final = services(Manner())
