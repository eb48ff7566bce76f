"""The native wire's messages, as structs: what a client may send, with types, ranges and defaults.

They are the one source of the wire's rules: decoding checks against them, and the OpenAPI document and the page at
``/docs`` are read off them. ``docs/reference/native.md`` explains them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from vivavoce.speech import MarkKind

SUBPROTOCOL = "vivavoce.v1"
MAX_U32 = 2**32 - 1
MAX_CREDIT = 2**40

Name = Annotated[str, Meta(max_length=256)]
StreamNumber = Annotated[
    int, Meta(ge=0, le=MAX_U32, description="The client's own number for a stream of this socket.")
]


class Manner(Struct, kw_only=True, forbid_unknown_fields=True):
    """Fields shared by a request and an ``open``: which voice speaks, how, and in which format. Never sent alone."""

    voice: Annotated[
        Name, Meta(description="A voice id or alias, or a language tag; empty is the default voice.")
    ] = ""
    language: Annotated[
        Annotated[str, Meta(max_length=64)] | None,
        Meta(description="Language tag of the text; null is the voice's own."),
    ] = None
    format: Annotated[Name, Meta(description="Audio format; see /v1/speech/formats.")] = "mp3"
    sample_rate_hz: Annotated[
        int | None, Meta(description="Samples a second; null is the format's default, or the voice's own.")
    ] = None
    bit_rate_bps: Annotated[
        int | None, Meta(description="Bits a second, for mp3, opus and aac; null is the format's default.")
    ] = None
    speed: Annotated[float, Meta(ge=0.25, le=4, description="Rate of speech; 2 halves the duration.")] = 1.0
    pitch: Annotated[float, Meta(ge=-24, le=24, description="Shift of the voice in semitones.")] = 0.0
    pitch_range: Annotated[float, Meta(ge=0, le=2, description="Scale of intonation; 0 is monotone.")] = 1.0
    volume: Annotated[float, Meta(ge=0, le=4, description="Linear gain.")] = 1.0
    style: Annotated[Name, Meta(description="A named way of speaking, such as cheerful or calm.")] = "neutral"
    style_degree: Annotated[
        float, Meta(ge=0, le=2, description="How much of the style; 0 is none, 2 is double.")
    ] = 1.0
    duration_s: Annotated[
        Annotated[float, Meta(ge=0.1, le=3600)] | None,
        Meta(description="Length that all the audio is fitted to; it is then held until the text has ended."),
    ] = None
    seed: Annotated[
        int, Meta(ge=0, le=MAX_U32, description="Same seed, text and settings give the same samples.")
    ] = 0
    markup: Annotated[
        bool, Meta(description='Whether <flush> and <break time="1.5s"/> are obeyed rather than spoken.')
    ] = True
    marks: Annotated[
        list[MarkKind], Meta(max_length=3, description="Which marks are sent beside the audio.")
    ] = []
    dictionary: Annotated[
        Name | None, Meta(description="Id of a pronunciation dictionary; see /v1/speech/dictionaries.")
    ] = None
    rewrite: Annotated[
        Name,
        Meta(description="Rewrite rules for numbers, money, addresses: an alias such as en, names, or none."),
    ] = "none"
    reduce_silence: Annotated[bool, Meta(description="Keep pauses between sentences and clauses short.")] = (
        False
    )


class SpeechRequest(Manner, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/speech``."""

    text: Annotated[str, Meta(description="What is to be said; not blank.")]
    complete: Annotated[
        bool,
        Meta(description="Make all of it first and send it with its length; headers carry true sizes."),
    ] = False


# ---- from the client, on the socket -----------------------------------------------------------------------------


class OpenMessage(Manner, tag_field="type", tag="open", kw_only=True, forbid_unknown_fields=True):
    """Start a stream; the server answers ``opened`` or ``error``."""

    stream: StreamNumber = 1
    credit_bytes: Annotated[
        Annotated[int, Meta(ge=0, le=MAX_CREDIT)] | None,
        Meta(description="Audio bytes that may come before more credit; null is no bound but the socket's."),
    ] = None
    idle_flush_s: Annotated[
        Annotated[float, Meta(ge=0.02, le=60)] | None,
        Meta(description="Silence of the writer after which whole words are spoken; null is the server's."),
    ] = None
    listened: Annotated[
        bool,
        Meta(description="Whether it is heard as it comes; what is not comes as fast as it can be made."),
    ] = True


class TextMessage(Struct, tag_field="type", tag="text", kw_only=True, forbid_unknown_fields=True):
    """More text; pieces are joined as they come, with nothing put between them."""

    text: str
    stream: StreamNumber = 1


class FlushMessage(Struct, tag_field="type", tag="flush", kw_only=True, forbid_unknown_fields=True):
    """Speak all the text so far without waiting for more; ``flushed`` follows its last audio."""

    stream: StreamNumber = 1
    flush_id: Annotated[str, Meta(max_length=256)] | None = None


class EndMessage(Struct, tag_field="type", tag="end", kw_only=True, forbid_unknown_fields=True):
    """No more text: speak the rest, then ``ended``."""

    stream: StreamNumber = 1


class CancelMessage(Struct, tag_field="type", tag="cancel", kw_only=True, forbid_unknown_fields=True):
    """Stop now; nothing comes for this stream any more but ``ended``."""

    stream: StreamNumber = 1


class CreditMessage(Struct, tag_field="type", tag="credit", kw_only=True, forbid_unknown_fields=True):
    """The listener can take so many more bytes of audio of this stream."""

    bytes: Annotated[int, Meta(ge=1, le=MAX_CREDIT)]
    stream: StreamNumber = 1


class PingMessage(Struct, tag_field="type", tag="ping", kw_only=True, forbid_unknown_fields=True):
    """Answered with a ``pong`` that carries the same ``ping_id``."""

    ping_id: Annotated[str, Meta(max_length=256)] | None = None


class SessionMessage(Struct, tag_field="type", tag="session", kw_only=True, forbid_unknown_fields=True):
    """First of all: let this connection outlive its socket. Answered with ``session``."""


class ResumeMessage(Struct, tag_field="type", tag="resume", kw_only=True, forbid_unknown_fields=True):
    """First of all on a new socket: go on with a session whose socket is gone. Answered with ``resumed``."""

    token: Annotated[str, Meta(max_length=256)]
    after: Annotated[int, Meta(ge=0, description="Counted frames of the server that have come.")]


class AckMessage(Struct, tag_field="type", tag="ack", forbid_unknown_fields=True):
    """So many counted frames have come; what was kept of them may be forgotten. Goes both ways."""

    after: Annotated[int, Meta(ge=0, description="Counted frames that have come, in all.")]


ClientMessage = (
    OpenMessage
    | TextMessage
    | FlushMessage
    | EndMessage
    | CancelMessage
    | CreditMessage
    | PingMessage
    | SessionMessage
    | ResumeMessage
    | AckMessage
)

# ---- from the server --------------------------------------------------------------------------------------------


class OpenedMessage(Struct, tag_field="type", tag="opened"):
    """A stream has started."""

    stream: int
    voice: str
    format: str
    rate_hz: int


class MarkMessage(Struct, tag_field="type", tag="mark"):
    """Where something of the text is heard; comes before the audio it lies in."""

    stream: int
    kind: MarkKind
    value: str
    start_s: float
    stop_s: float
    text_start: int
    text_stop: int


class FlushedMessage(Struct, tag_field="type", tag="flushed"):
    """All audio of the text before a flush has been sent."""

    stream: int
    flush_id: str | None
    audio_s: float


class EndedMessage(Struct, tag_field="type", tag="ended"):
    """The last message of a stream that did not fail."""

    stream: int
    audio_s: float
    characters: int
    cancelled: bool


class ErrorMessage(Struct, tag_field="type", tag="error", omit_defaults=True):
    """Something was refused or has failed; without ``stream`` it concerns the connection."""

    code: str
    message: str
    param: str | None
    final: bool
    """Whether the stream (or, without ``stream``, the connection) is over."""
    stream: int | None = None
    retry_after_s: float | None = None


class PongMessage(Struct, tag_field="type", tag="pong"):
    """The answer to a ``ping``."""

    ping_id: str | None


class SessionStarted(Struct, tag_field="type", tag="session"):
    """The connection outlives its socket."""

    token: str
    """What a new socket names to go on; a secret."""
    window_s: float
    """How long the server waits for it."""


class ResumedMessage(Struct, tag_field="type", tag="resumed"):
    """The session goes on: first what the client had not received."""

    after: int
    """Counted frames of the client that have come; it sends again what is behind them."""


ServerMessage = (
    OpenedMessage
    | MarkMessage
    | FlushedMessage
    | EndedMessage
    | ErrorMessage
    | PongMessage
    | SessionStarted
    | ResumedMessage
    | AckMessage
)

# ---- lines of application/x-ndjson ------------------------------------------------------------------------------


class AudioLine(Struct, tag_field="type", tag="audio"):
    """The next piece of audio, base64; pieces are joined after decoding."""

    audio: str
    start_s: float
    stop_s: float


class MarkLine(Struct, tag_field="type", tag="mark"):
    """Where something of the text is heard; comes before the audio it lies in."""

    kind: MarkKind
    value: str
    start_s: float
    stop_s: float
    text_start: int
    text_stop: int


class FlushedLine(Struct, tag_field="type", tag="flushed"):
    """All audio of the text before a ``<flush>`` has been sent."""

    flush_id: str | None
    audio_s: float


class EndLine(Struct, tag_field="type", tag="end"):
    """The last line of an answer that is whole."""

    audio_s: float
    characters: int


class ErrorLine(Struct, tag_field="type", tag="error", omit_defaults=True):
    """The last line of an answer that failed after it had begun; the body is then cut."""

    code: str
    message: str
    param: str | None
    retry_after_s: float | None = None


SpeechLine = AudioLine | MarkLine | FlushedLine | EndLine | ErrorLine

# ---- other answers ----------------------------------------------------------------------------------------------


class ErrorDetail(Struct, omit_defaults=True):
    """What went wrong, in a stable code and a sentence."""

    code: str
    message: str
    param: str | None
    """The field at fault, if one is."""
    retry_after_s: float | None = None


class ErrorBody(Struct):
    """The body of every answer that is no success."""

    error: ErrorDetail


class Health(Struct):
    """``GET /v1/speech/health`` and ``/v1/speech/ready``."""

    status: Literal["starting", "ok", "draining"]
    version: str
    live_streams: int


class VoiceRow(Struct):
    """One installed voice."""

    id: str
    name: str
    engine: str
    language: str
    languages: list[str]
    gender: Literal["female", "male", "neutral"]
    rate_hz: int
    licence: str
    description: str
    capabilities: list[str]


class Voices(Struct):
    """``GET /v1/speech/voices``, best first within a language."""

    voices: list[VoiceRow]


class FormatRow(Struct):
    """One audio format."""

    name: str
    media_type: str
    extension: str
    rates_hz: list[int]
    default_rate_hz: int | None
    bit_rates_bps: list[int]
    default_bit_rate_bps: int | None
    description: str
    aliases: list[str]


class Formats(Struct):
    """``GET /v1/speech/formats``."""

    formats: list[FormatRow]


class LanguageRow(Struct):
    """One language that some voice speaks."""

    language: str
    voice: str
    """The best installed voice for it."""
    voices: int


class Languages(Struct):
    """``GET /v1/speech/languages``."""

    languages: list[LanguageRow]


def field_names(cls: type[Any]) -> tuple[str, ...]:
    """The names a message of this class may carry, ``type`` first where it has one."""
    names: tuple[str, ...] = cls.__struct_encode_fields__
    return names if cls.__struct_config__.tag_field is None else ("type", *names)
