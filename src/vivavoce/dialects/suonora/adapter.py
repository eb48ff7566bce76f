"""Suonora's two speech calls: the whole MP3 with its length, and the MP3 as it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vivavoce.dialects.contract import Reading
from vivavoce.dialects.suonora import errors, reading
from vivavoce.errors import VivavoceError
from vivavoce.speech import Audio, Event


class SuonoraExchange:
    """One ``POST /v1/audio/speech``, or ``/v1/audio/stream``."""

    def __init__(self, *, streaming: bool) -> None:
        self._streaming = streaming

    def read(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str]) -> Reading:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        wish = reading.wish(body)
        return Reading(wish.open, wish.text, complete=not self._streaming)

    def headers(self, rate_hz: int) -> Mapping[str, str]:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        headers = {"content-type": reading.FORMAT.media_type, "cache-control": "no-store"}
        return {**headers, "x-accel-buffering": "no"} if self._streaming else headers

    def render(self, events: Sequence[Event]) -> bytes:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        return b"".join(event.data for event in events if isinstance(event, Audio))

    def error(self, error: VivavoceError) -> tuple[int, Mapping[str, str], bytes]:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        answer = errors.answer(error)
        return answer.status, answer.headers, answer.body
