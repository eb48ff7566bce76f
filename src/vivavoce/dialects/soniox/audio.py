"""The audio formats of Soniox's wire, in the formats that our encoders make.

Source: Soniox "Audio formats" page, read 2026-11-21. Bit rates that an encoder cannot make at a sample rate (MPEG-2
layer III ends at 160 kbit/s, AAC at six bits a sample) become the nearest below.
"""

from __future__ import annotations

from array import array
from typing import Final

from msgspec import Struct

from vivavoce.errors import UnknownFormatError, quoted
from vivavoce.formats import FORMATS, AudioFormat, audio_format

_RAW: Final = (8000, 16000, 24000, 44100, 48000)
_CODED: Final = (16000, 24000, 44100, 48000)
_BIT_RATES: Final = tuple(k * 1000 for k in (32, 64, 96, 128, 192, 256, 320))
_OPUS_BIT_RATES: Final = tuple(k * 1000 for k in (16, 32, 64, 96, 128, 256))


class WireFormat(Struct, frozen=True):
    """One value of ``audio_format``."""

    name: str
    ours: str
    """A name in :data:`vivavoce.formats.FORMATS`."""
    media_type: str
    rates_hz: tuple[int, ...]
    bit_rates_bps: tuple[int, ...] = ()
    """Empty where ``bitrate`` means nothing, and is passed over."""
    big_endian: bool = False

    @property
    def default_rate_hz(self) -> int:
        """24 kHz, or the only rate that there is."""
        return 24000 if 24000 in self.rates_hz else self.rates_hz[0]


WIRE_FORMATS: Final[dict[str, WireFormat]] = {
    form.name: form
    for form in (
        WireFormat("pcm_s16le", "pcm_s16le", "audio/pcm", _RAW),
        WireFormat("pcm_s16be", "pcm_s16le", "audio/pcm", _RAW, big_endian=True),
        WireFormat("pcm_f32le", "pcm_f32le", "audio/pcm", _RAW),
        WireFormat("pcm_mulaw", "mulaw", "audio/pcm", (8000,)),
        WireFormat("pcm_alaw", "alaw", "audio/pcm", (8000,)),
        WireFormat("wav", "wav", "audio/wav", _RAW),
        WireFormat("flac", "flac", "audio/flac", _CODED),
        WireFormat("mp3", "mp3", "audio/mpeg", (16000, 24000, 32000, 44100, 48000), _BIT_RATES),
        WireFormat("opus", "opus", "audio/opus", (8000, 16000, 24000, 48000), _OPUS_BIT_RATES),
        WireFormat("aac", "aac", "audio/aac", _CODED, _BIT_RATES),
    )
}


class Output(Struct, frozen=True):
    """What a stream delivers: the wire's format, and what is encoded for it."""

    wire: WireFormat
    format: AudioFormat

    def bytes_of(self, data: bytes) -> bytes:
        """Encoded audio as the wire wants it; whole samples in, whole samples out."""
        if not self.wire.big_endian:
            return data
        samples = array("H", data)
        samples.byteswap()
        return samples.tobytes()


def output(name: str, rate_hz: int | None, bit_rate_bps: int | None) -> Output:
    """The format called ``name``. Raises UnknownFormatError, in the wire's words."""
    wire = WIRE_FORMATS.get(name)
    if wire is None:
        raise UnknownFormatError(
            f"Invalid audio format {quoted(name)}. Supported formats: {', '.join(WIRE_FORMATS)}."
        )
    rate = wire.default_rate_hz if rate_hz is None else rate_hz
    if rate not in wire.rates_hz:
        raise _unsupported("sample rate", rate, wire.rates_hz, name)
    if bit_rate_bps is None or not wire.bit_rates_bps:
        return Output(wire, audio_format(wire.ours, rate_hz=rate))
    if bit_rate_bps not in wire.bit_rates_bps:
        raise _unsupported("bitrate", bit_rate_bps, wire.bit_rates_bps, name)
    legal = FORMATS[wire.ours].bit_rates_at(rate)
    nearest = max((one for one in legal if one <= bit_rate_bps), default=legal[0])
    return Output(wire, audio_format(wire.ours, rate_hz=rate, bit_rate_bps=nearest))


def _unsupported(what: str, value: int, allowed: tuple[int, ...], name: str) -> UnknownFormatError:
    values = ", ".join(map(str, allowed))
    return UnknownFormatError(
        f"Invalid {what} {str(value)[:20]} for audio format '{name}'. Supported: {values}."
    )
