"""The values that the SDK takes and gives. Times are seconds, offsets in text are Unicode code points, half open."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, TypedDict

from msgspec import Struct

from vivavoce.speech import Ended, Flushed, Mark, MarkKind


class Timeouts(Struct, frozen=True, kw_only=True):
    """How long a client waits. ``None`` waits for ever. Playing slowly never counts: only waiting does."""

    connect_s: float = 10.0
    """For one try to open a socket, handshake included."""
    request_s: float = 30.0
    """For the answer to a plain request, such as the list of voices."""
    first_audio_s: float | None = 30.0
    """From the end (or a flush) of a stream's text to its first audio."""
    gap_s: float | None = 30.0
    """Between two pieces of audio that are owed, as the text has ended or was flushed."""


class Retries(Struct, frozen=True, kw_only=True):
    """How often what failed is tried again: connections that fail, answers 429 and 5xx, and only before any audio."""

    times: int = 3
    """Further tries after the first; 0 is none."""
    first_s: float = 0.25
    """Wait before the first of them; doubled for each, plus up to half of it at random."""
    longest_s: float = 8.0
    """The longest wait between two tries, unless the server asks for more."""
    patience_s: float = 30.0
    """A server that asks for a longer wait than this is not waited for: the error is raised."""


class SpeechOptions(TypedDict, total=False):
    """Who speaks and how. All of ``tts``, ``tts_stream``, ``tts_realtime`` and ``speak_tokens`` take these."""

    voice: str
    """A voice id, an alias, or a language tag (its best voice); "" is the server's default."""
    language: str | None
    """Language tag of the text; ``None`` is the voice's own."""
    output_format: str
    """``wav`` (the default), ``pcm_s16le``, ``pcm_f32le``, ``mulaw``, ``alaw``, ``mp3``, ``opus``, ``aac``, ``flac``."""
    sample_rate: int | None
    """Hertz; ``None`` is the format's default, or the voice's own rate."""
    bitrate: int | None
    """Bits a second, for ``mp3``, ``opus`` and ``aac``."""
    speed: float
    """0.25 to 4; 2 halves the duration."""
    pitch: float
    """-24 to 24 semitones."""
    pitch_range: float
    """0 (monotone) to 2."""
    volume: float
    """Linear gain, 0 to 4."""
    style: str
    """A named way of speaking, such as ``cheerful`` or ``calm``."""
    style_degree: float
    """0 (none) to 2 (double)."""
    duration_s: float | None
    """Fits all the audio to 0.1 to 3600 s; it is then held until all of it is made."""
    seed: int
    """Same seed, text and settings give the same samples, but for espeak-ng, whose noise cannot be seeded."""
    markup: bool
    """Whether ``<flush>`` and ``<break time="1.5s"/>`` in the text are obeyed rather than spoken."""
    dictionary: str | None
    """The id of a pronunciation dictionary; see ``client.dictionaries``."""
    rewrite: str
    """Rules that make numbers, money and addresses sayable: an alias such as ``en``, their names, or ``none``."""
    reduce_silence: bool
    """Whether pauses between sentences and clauses are kept short."""
    marks: Sequence[MarkKind]
    """Which marks come beside the audio: ``word`` (the default), ``phoneme``, ``character``."""
    idle_flush_s: float | None
    """Silence of the writer after which pending whole words are spoken; ``None`` is the server's setting."""


class Opened(Struct, frozen=True):
    """A stream has started."""

    voice: str
    """The id of the voice that speaks."""
    format: str
    rate_hz: int


class Audio(Struct, frozen=True):
    """The next bytes of a stream's audio, to be joined as they are."""

    data: bytes


StreamEvent: TypeAlias = Audio | Mark | Flushed


class TimedText(Struct, frozen=True):
    """A piece of the caller's text, and when it is heard."""

    text: str
    start_s: float
    stop_s: float
    text_start: int
    """Where it begins in the text that was sent."""
    text_stop: int


# ---- sessions in the style of realtime SDKs -----------------------------------------------------------------------


class RealtimeTTSConfig(Struct, frozen=True, kw_only=True):
    """One realtime stream."""

    stream_id: str = "1"
    """A name of the caller's own; comes back in every event."""
    model: str = ""
    """Accepted so that code moves over; a Vivavoce server has voices, not models."""
    language: str | None = None
    voice: str = ""
    audio_format: str = "pcm_s16le"
    """As ``output_format`` of :class:`SpeechOptions`; ``pcm_mulaw`` and ``pcm_alaw`` are understood too."""
    sample_rate: int | None = None
    bitrate: int | None = None
    speed: float = 1.0
    return_timestamps: bool = False
    """Whether events carry the times of the characters."""
    reduce_silence: bool = False
    """Whether pauses between sentences and clauses are kept short."""
    client_reference_id: str = ""
    """Accepted so that code moves over."""


class Timestamps(Struct, frozen=True):
    """When characters are heard: three lists of one length. All of a stream's lists together give its whole text."""

    characters: list[str]
    character_start_times_seconds: list[float]
    character_end_times_seconds: list[float]


class RealtimeTTSEvent(Struct, frozen=True, kw_only=True):
    """Something that came on a realtime stream."""

    stream_id: str
    data: bytes | None = None
    """Audio bytes, if any."""
    timestamps: Timestamps | None = None
    audio_end: bool = False
    """All the audio has come."""
    terminated: bool = False
    """Nothing further comes on this stream."""
    error_code: str | None = None
    """A code of the native wire; :meth:`receive_events` raises right after ``last_message`` was set to this."""
    error_message: str | None = None

    @property
    def audio(self) -> str | None:
        """The audio in base64, as other SDKs' events have it; :meth:`audio_bytes` costs less."""
        return None if self.data is None else base64.b64encode(self.data).decode()

    def audio_bytes(self) -> bytes | None:
        """The audio, if the event has any."""
        return self.data


# ---- what plain requests give -------------------------------------------------------------------------------------


class Voice(Struct, frozen=True, kw_only=True):
    """One installed voice."""

    id: str
    name: str
    engine: str
    language: str
    """Language tag of its first language."""
    languages: list[str]
    gender: str
    """``female``, ``male`` or ``neutral``."""
    rate_hz: int
    licence: str
    description: str = ""
    capabilities: list[str] = []


class Format(Struct, frozen=True, kw_only=True):
    """One audio format that the server makes."""

    name: str
    media_type: str
    extension: str
    rates_hz: list[int]
    default_rate_hz: int | None = None
    """``None``: the voice's own."""
    bit_rates_bps: list[int] = []
    default_bit_rate_bps: int | None = None
    description: str = ""
    aliases: list[str] = []


class Language(Struct, frozen=True, kw_only=True):
    """One language that some voice speaks."""

    language: str
    voice: str
    """The best installed voice for it."""
    voices: int


class Health(Struct, frozen=True, kw_only=True):
    """How the server is."""

    status: Literal["starting", "ok", "draining"]
    version: str
    live_streams: int


class DictionaryEntry(Struct, frozen=True, kw_only=True):
    """How one word is to be said."""

    original: str
    rewrite: str
    case_sensitive: bool = False


class Dictionary(Struct, frozen=True, kw_only=True):
    """A pronunciation dictionary."""

    id: str
    name: str
    language: str | None = None
    description: str = ""
    entries: list[DictionaryEntry] = []


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key, without its secret except where it has just been made."""

    id: str
    name: str = ""
    prefix: str = ""
    """The beginning of the secret, to tell keys apart by."""
    scopes: list[str] = []
    """``speech``, ``manage`` and ``admin``."""
    expires_at: float | None = None
    """Unix seconds; ``None`` is never."""
    revoked_at: float | None = None
    """Unix seconds, if it has been taken back."""
    limits: dict[str, Any] = {}
    """``concurrent_streams``, ``requests_per_minute``, ``characters_per_month``; ``None`` is no limit."""
    secret: str | None = None
    """Only in the answer to ``create``; it is not stored anywhere and cannot be had again."""


__all__ = [
    "ApiKey",
    "Audio",
    "Dictionary",
    "DictionaryEntry",
    "Ended",
    "Flushed",
    "Format",
    "Health",
    "Language",
    "Mark",
    "MarkKind",
    "Opened",
    "RealtimeTTSConfig",
    "RealtimeTTSEvent",
    "Retries",
    "SpeechOptions",
    "StreamEvent",
    "TimedText",
    "Timeouts",
    "Timestamps",
    "Voice",
]
