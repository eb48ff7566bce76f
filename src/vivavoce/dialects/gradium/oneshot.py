"""``POST post/speech/tts``: a whole text in, audio out as it is made, or the socket's messages line by line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import orjson

from vivavoce.dialects.contract import Reading
from vivavoce.dialects.gradium import errors, reading
from vivavoce.dialects.gradium import messages as wire
from vivavoce.dialects.gradium.adapter import new_request_id
from vivavoce.dialects.gradium.cast import DRAFT_PREFIX
from vivavoce.dialects.gradium.opening import opening
from vivavoce.dialects.gradium.request import Request
from vivavoce.errors import EmptyTextError, RequestError, VivavoceError
from vivavoce.speech import Audio, Event, Failed

NDJSON: Final = "application/x-ndjson"
MAX_PREVIEW_CHARS: Final = 100
"""Text that a designer's draft speaks (third-party notes of the vendor's voice design page, read 2026-11-21)."""


class GradiumExchange:
    """One request. Wants ``read`` before ``headers`` and ``render``."""

    def __init__(self, new_id: Callable[[], str] = new_request_id) -> None:
        self._new_id = new_id
        self._said: wire.OneShot | None = None
        self._request: Request | None = None
        self._media_type = NDJSON
        self._begun = False

    def read(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str]) -> Reading:
        """See :class:`~vivavoce.dialects.contract.Exchange`. ``json_config`` may stand in the query instead."""
        said = reading.body(body, wire.OneShot)
        if said.json_config is None and "json_config" in query:
            said = msgspec.structs.replace(said, json_config=query["json_config"])
        self._said = said
        _check(said)
        understood = opening(said, words=not said.only_audio)
        request = Request(understood, self._new_id())
        if said.only_audio:
            self._media_type = understood.output.media_type
        else:
            self._request = request
        return Reading(understood.open, request.text(said.text) + request.end())

    def headers(self, rate_hz: int) -> Mapping[str, str]:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        return {"content-type": self._media_type, "cache-control": "no-store", "x-accel-buffering": "no"}

    def render(self, events: Sequence[Event]) -> bytes:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        if self._request is None:
            return b"".join(event.data for event in events if isinstance(event, Audio))
        lines = [] if self._begun else [self._request.ready()]
        self._begun = True
        lines += self._request.said(events)
        if events and isinstance(events[-1], Failed):
            error = events[-1].error
            lines.append(wire.error(self._sentence(error), errors.close_code(error), None))
        return b"".join(map(_line, lines))

    def error(self, error: VivavoceError) -> tuple[int, Mapping[str, str], bytes]:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        return errors.http(error, **self._names())

    def _sentence(self, error: VivavoceError) -> str:
        return errors.said(error, **self._names())

    def _names(self) -> dict[str, str]:
        said = self._said
        return {"voice": said.voice_id, "dictionary": said.pronunciation_id or ""} if said else {}


def _check(said: wire.OneShot) -> None:
    if not said.text.strip():
        raise EmptyTextError("text: expected something to say, got only white space", param="text")
    if said.voice_id.startswith(DRAFT_PREFIX) and len(said.text) > MAX_PREVIEW_CHARS:
        raise RequestError(
            f"text: expected at most {MAX_PREVIEW_CHARS} characters for the preview of a draft, "
            f"got {len(said.text)}",
            param="text",
        )


def _line(message: Mapping[str, Any]) -> bytes:
    return orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE)
