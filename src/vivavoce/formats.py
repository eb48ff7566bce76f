"""Audio formats as values: what is sent, at which rate, under which media type.

An :class:`AudioFormat` is always valid: :func:`audio_format` is the only door, and refuses what no encoder
makes. Wires translate their own spelling ("ulaw_8000", "mp3" plus "bitrate") into it.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from vivavoce.errors import UnknownFormatError, quoted

PCM_RATES_HZ: Final = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


class FormatKind(Struct, frozen=True):
    """What one format can do. Rates in hertz, bit rates in bits per second, ascending."""

    name: str
    media_type: str
    extension: str
    rates_hz: tuple[int, ...]
    default_rate_hz: int | None
    """Rate when the caller names none; ``None`` means the voice's own rate, if the format has it."""
    bit_rates_bps: tuple[int, ...]
    """Every bit rate of the format; empty when it follows from the sample rate. See :meth:`bit_rates_at`."""
    default_bit_rate_bps: int | None
    """Bit rate when the caller names none, or the highest below it that the sample rate allows."""
    description: str

    def bit_rates_at(self, rate_hz: int) -> tuple[int, ...]:
        """The bit rates that the format allows at this sample rate, ascending."""
        low, high = _bit_rate_limits(self.name, rate_hz)
        return tuple(bit_rate for bit_rate in self.bit_rates_bps if low <= bit_rate <= high)


def _bit_rate_limits(name: str, rate_hz: int) -> tuple[float, float]:
    """Lowest and highest bit rate of a format at a sample rate, where its standard or its encoder sets any."""
    if name == "aac":
        return 0, 6 * rate_hz  # 6144 bits a frame of 1024 samples (ISO 14496-3); FFmpeg cuts off above
    if name != "mp3":
        return 0, math.inf
    if rate_hz >= 32000:
        return 32000, 320_000  # MPEG-1
    # MPEG-2, and MPEG-2.5, for which LAME silently makes 64 kbit/s of anything higher (measured).
    return 8000, 160_000 if rate_hz >= 16000 else 64000


_MP3_BIT_RATES = tuple(
    k * 1000 for k in (16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
)
_AAC_BIT_RATES = tuple(k * 1000 for k in (16, 24, 32, 48, 64, 96, 128, 160, 192))
_OPUS_BIT_RATES = tuple(k * 1000 for k in (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256))

FORMATS: Final[dict[str, FormatKind]] = {
    kind.name: kind
    for kind in (
        FormatKind("pcm_s16le", "audio/pcm", "pcm", PCM_RATES_HZ, None, (), None, "raw 16-bit little-endian"),
        FormatKind(
            "pcm_f32le", "audio/pcm", "f32", PCM_RATES_HZ, None, (), None, "raw 32-bit float, little-endian"
        ),
        FormatKind(
            "wav", "audio/wav", "wav", PCM_RATES_HZ, None, (), None, "16-bit PCM with a 44-byte header"
        ),
        FormatKind("mulaw", "audio/basic", "ulaw", (8000, 16000), 8000, (), None, "G.711 µ-law, no header"),
        FormatKind(
            "alaw", "audio/x-alaw-basic", "alaw", (8000, 16000), 8000, (), None, "G.711 A-law, no header"
        ),
        FormatKind(
            "mp3",
            "audio/mpeg",
            "mp3",
            (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
            24000,
            _MP3_BIT_RATES,
            64000,
            "MPEG layer III, constant bit rate, no tags",
        ),
        FormatKind(
            "opus",
            "audio/ogg",
            "ogg",
            (8000, 12000, 16000, 24000, 48000),
            48000,
            _OPUS_BIT_RATES,
            32000,
            "Opus in Ogg, 20 ms packets, a page a packet",
        ),
        FormatKind(
            "aac", "audio/aac", "aac", PCM_RATES_HZ, 24000, _AAC_BIT_RATES, 64000, "AAC-LC in ADTS frames"
        ),
        FormatKind("flac", "audio/flac", "flac", PCM_RATES_HZ, None, (), None, "lossless, 16 bit"),
    )
}

ALIASES: Final[dict[str, str]] = {
    "pcm": "pcm_s16le",
    "pcm16": "pcm_s16le",
    "s16le": "pcm_s16le",
    "f32le": "pcm_f32le",
    "ulaw": "mulaw",
    "ogg": "opus",
    "ogg_opus": "opus",
    "adts": "aac",
}


class AudioFormat(Struct, frozen=True):
    """One stream's format. Mono always. Build it with :func:`audio_format`."""

    name: str
    """A key of :data:`FORMATS`."""
    rate_hz: int
    bit_rate_bps: int | None = None

    @property
    def kind(self) -> FormatKind:
        """What there is to know of every format of this name."""
        return FORMATS[self.name]

    @property
    def media_type(self) -> str:
        """The media type as an HTTP header value; raw PCM carries its rate and channel count."""
        if self.name in ("pcm_s16le", "pcm_f32le"):
            return f"audio/pcm;rate={self.rate_hz};channels=1;encoding={self.name[4:]}"
        return self.kind.media_type


def audio_format(
    name: str, *, rate_hz: int | None = None, bit_rate_bps: int | None = None, voice_rate_hz: int = 24000
) -> AudioFormat:
    """The format called ``name`` (or an alias of it), with defaults filled in.

    ``voice_rate_hz`` is used where the format's default is the voice's own rate.
    Raises :class:`UnknownFormatError` naming what was expected.
    """
    kind = FORMATS.get(ALIASES.get(name.lower(), name.lower()))
    if kind is None:
        raise UnknownFormatError(
            f"unknown audio format {quoted(name)}; expected one of {', '.join(FORMATS)}", param="format"
        )
    default_hz = kind.default_rate_hz or (voice_rate_hz if voice_rate_hz in kind.rates_hz else 24000)
    rate = default_hz if rate_hz is None else rate_hz
    if rate not in kind.rates_hz:
        allowed = ", ".join(map(str, kind.rates_hz))
        raise UnknownFormatError(
            f"{kind.name} has no rate {rate} Hz; expected one of {allowed}", param="sample_rate_hz"
        )
    return AudioFormat(kind.name, rate, _bit_rate(kind, rate, bit_rate_bps))


def _bit_rate(kind: FormatKind, rate_hz: int, asked_bps: int | None) -> int | None:
    """The bit rate asked for, or the default one. Raises UnknownFormatError."""
    legal = kind.bit_rates_at(rate_hz)
    if asked_bps is None:
        default = kind.default_bit_rate_bps
        return default and max(bit_rate for bit_rate in legal if bit_rate <= default)
    if asked_bps not in legal:
        allowed = ", ".join(map(str, legal)) or "none: its bit rate follows from the sample rate"
        raise UnknownFormatError(
            f"{kind.name} at {rate_hz} Hz has no bit rate {asked_bps} bit/s; expected one of {allowed}",
            param="bit_rate_bps",
        )
    return asked_bps
