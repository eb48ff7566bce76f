"""What travels on Supertone's wire. Unknown fields are ignored, ``null`` is the same as absent.

Source: the vendor's OpenAPI 0.9.6 and the Python SDK 0.2.3.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from vivavoce.dialects.supertone.cast import Language, ModelName

MAX_TEXT_CHARS = 300
"""Code points. The TypeScript SDK counts UTF-16 units, which are never fewer."""


class VoiceSettings(Struct, frozen=True):
    """How the voice is to speak; the SDK sends all seven as soon as one is given."""

    pitch_shift: Annotated[float, Meta(ge=-24, le=24)] | None = None
    """Semitones."""
    pitch_variance: Annotated[float, Meta(ge=0, le=2)] | None = None
    """0 is monotone, 1 natural."""
    speed: Annotated[float, Meta(ge=0.5, le=2)] | None = None
    duration: Annotated[float, Meta(ge=0, le=60)] | None = None
    """Seconds to fill; 0 is none."""
    similarity: Annotated[float, Meta(ge=1, le=5)] | None = None
    text_guidance: Annotated[float, Meta(ge=0, le=4)] | None = None
    subharmonic_amplitude_control: Annotated[float, Meta(ge=0, le=2)] | None = None


class SpeechRequest(Struct, frozen=True, kw_only=True):
    """The body of create, stream and predict-duration."""

    text: str
    language: Language
    style: str | None = None
    model: ModelName | None = None
    output_format: Literal["wav", "mp3"] | None = None
    voice_settings: VoiceSettings | None = None
    include_phonemes: bool | None = None
    normalized_text: str | None = None


class EditRequest(Struct, frozen=True, kw_only=True):
    """The body of ``PATCH /v1/custom-voices/{voice_id}``; what is absent stays."""

    name: str | None = None
    description: str | UnsetType | None = UNSET


class Phonemes(Struct, frozen=True):
    """Symbols in IPA, "" for silence. Each starts where the one before it stops."""

    symbols: list[str]
    start_times_seconds: list[float]
    durations_seconds: list[float]


class SpeechWithPhonemes(Struct, frozen=True):
    """The answer of create with ``include_phonemes``."""

    audio_base64: str
    phonemes: Phonemes | None


class AudioLine(Struct, frozen=True):
    """A line of the stream that carries audio."""

    audio_base64: str
    phonemes: None = None


class PhonemeLine(Struct, frozen=True):
    """A line of the stream that carries phonemes; the wire has its members in this order."""

    audio_base64: None
    phonemes: Phonemes


class Predicted(Struct, frozen=True):
    """Seconds."""

    duration: float


class VoiceRow(Struct, frozen=True, kw_only=True):
    """One voice. ``samples`` and ``thumbnail_image_url`` are left out: the TypeScript SDK takes no null there."""

    voice_id: str
    name: str
    description: str | None
    age: str
    gender: str
    use_case: str
    use_cases: list[str]
    language: list[str]
    styles: list[str]
    models: list[str]


class CustomVoiceRow(Struct, frozen=True):
    voice_id: str
    name: str
    description: str | None


class Created(Struct, frozen=True):
    voice_id: str


class Page(Struct, frozen=True):
    """One page of anything."""

    items: list[VoiceRow] | list[CustomVoiceRow]
    total: int
    next_page_token: str | None


class Balance(Struct, frozen=True):
    balance: int | None


class UsageResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    minutes_used: float
    voice_id: str | None = None
    voice_name: str | None = None
    api_key: str | None = None
    model: str | None = None


class UsageBucket(Struct, frozen=True):
    """RFC 3339 times, UTC."""

    starting_at: str
    ending_at: str
    results: list[UsageResult]


class UsagePage(Struct, frozen=True):
    data: list[UsageBucket]
    total: int
    next_page_token: str | None


class VoiceUsage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    date: str
    voice_id: str
    total_minutes_used: float
    name: str | None = None
    model: str | None = None


class VoiceUsages(Struct, frozen=True):
    usages: list[VoiceUsage]


class ErrorDetail(Struct, frozen=True):
    """Both spellings: the documents have ``statusCode``, the SDKs' typed exceptions need ``status_code``."""

    message: str
    error: str
    status_code: int
    statusCode: int  # noqa: N815 - the wire's own name


class ErrorBody(Struct, frozen=True):
    status: Literal["error"]
    message: ErrorDetail
