"""Supertone's two speech calls: the whole clip, and the clip as it is made.

Three shapes of answer: the audio file itself; with ``include_phonemes`` one JSON object around it (create), or lines
of JSON that carry audio and phonemes in turn (stream).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import pybase64
from msgspec import Struct

from vivavoce.dialects.contract import Reading
from vivavoce.dialects.supertone import errors, reading
from vivavoce.dialects.supertone import messages as wire
from vivavoce.dialects.supertone.phonemes import Tiles
from vivavoce.dialects.supertone.reading import NOTHING_TO_SAY, Manner
from vivavoce.errors import VivavoceError
from vivavoce.formats import AudioFormat
from vivavoce.speech import Audio, Ended, Event, Mark, Open

WAV_HEADER_BYTES: Final = 44
UNKNOWN_SIZE: Final = b"\xff\xff\xff\xff"
MP3_FRAME_SAMPLES: Final = 1152
LINES: Final = "application/x-ndjson"

_encode = msgspec.json.Encoder().encode


class SupertoneExchange:
    """One ``POST /v1/text-to-speech/{voice_id}``, or ``…/stream``."""

    def __init__(self, voice_id: str, manner: Manner, *, streaming: bool) -> None:
        self._voice_id = voice_id
        self._manner = manner
        self._streaming = streaming
        self._phonemes = False
        self._open: Open | None = None
        self._tiles: Tiles | None = None
        self._bytes = 0
        """Bytes of the audio file so far."""
        self._whole: list[bytes] = []

    def read(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str]) -> Reading:
        """See :class:`~vivavoce.dialects.contract.Exchange`. ``Accept`` is not looked at: what the SDK sends there
        forbids the answer that it wants."""
        wish = reading.wish(body, query, self._voice_id, self._manner, streaming=self._streaming)
        self._phonemes = wish.phonemes
        self._open = wish.open
        self._tiles = Tiles(silent=wish.text == NOTHING_TO_SAY) if wish.open.marks else None
        return Reading(wish.open, wish.text, complete=not self._streaming)

    def headers(self, rate_hz: int) -> Mapping[str, str]:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        media_type = self._format.media_type
        if self._phonemes:
            media_type = LINES if self._streaming else "application/json"
        headers = {
            "content-type": media_type,
            "cache-control": "no-cache",
            "x-content-type-options": "nosniff",
        }
        if self._streaming:
            return {**headers, "x-accel-buffering": "no"}
        return {**headers, "x-audio-length": f"{clip_s(self._format, self._bytes):.6f}"}

    def render(self, events: Sequence[Event]) -> bytes:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        audio = self._audio(events)
        if self._tiles is not None:
            self._time(self._tiles, events)
        if not self._phonemes:
            return audio
        if self._streaming:
            return self._lines(audio)
        self._whole.append(audio)
        return self._object() if isinstance(events[-1], Ended) else b""

    def error(self, error: VivavoceError) -> tuple[int, Mapping[str, str], bytes]:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        answer = errors.answer(error)
        return answer.status, answer.headers, answer.body

    @property
    def _format(self) -> AudioFormat:
        assert self._open is not None, "read comes first"
        return self._open.format

    def _audio(self, events: Sequence[Event]) -> bytes:
        data = b"".join(event.data for event in events if isinstance(event, Audio))
        first, self._bytes = self._bytes == 0, self._bytes + len(data)
        if first and self._streaming and self._format.name == "wav":
            # Also where the length is known: the SDK joins the streams of a long text under the first one's header.
            return (
                data[:4] + UNKNOWN_SIZE + data[8:40] + UNKNOWN_SIZE + data[WAV_HEADER_BYTES:] if data else b""
            )
        return data

    def _time(self, tiles: Tiles, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Mark):
                tiles.feed(event)
            elif isinstance(event, Ended):
                tiles.finish(clip_s(self._format, self._bytes))

    def _lines(self, audio: bytes) -> bytes:
        """A line of audio, then one of the phonemes that are known by now."""
        lines: list[Struct] = []
        if audio:
            lines.append(wire.AudioLine(_base64(audio)))
        timed = self._tiles.take() if self._tiles is not None else None
        if timed is not None:
            lines.append(wire.PhonemeLine(None, timed))
        return b"".join(_encode(line) + b"\n" for line in lines)

    def _object(self) -> bytes:
        timed = self._tiles.take() if self._tiles is not None else None
        return _encode(wire.SpeechWithPhonemes(_base64(b"".join(self._whole)), timed))


def clip_s(form: AudioFormat, size: int) -> float:
    """The length of an audio file of ``size`` bytes, as a decoder finds it."""
    if form.name == "wav":
        return max(0, size - WAV_HEADER_BYTES) / 2 / form.rate_hz
    # Padding keeps a constant bit rate to within a byte, so that the number of frames follows from the size.
    bytes_a_frame = MP3_FRAME_SAMPLES / 8 * (form.bit_rate_bps or 0) / form.rate_hz
    return round(size / bytes_a_frame) * MP3_FRAME_SAMPLES / form.rate_hz


def _base64(data: bytes) -> str:
    return pybase64.b64encode_as_string(data)
