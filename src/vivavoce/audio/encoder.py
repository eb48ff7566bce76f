"""One door to every encoder: an :class:`~vivavoce.formats.AudioFormat` in, an object that makes its bytes out.

There is one encoder for a stream, never one for a sentence. The bytes of a stream depend on its samples only, not on
the pieces in which they came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from vivavoce.audio.aac import AacEncoder
from vivavoce.audio.flac import FlacEncoder
from vivavoce.audio.g711 import encode as g711
from vivavoce.audio.mp3 import Mp3Encoder
from vivavoce.audio.ogg_opus import OpusEncoder
from vivavoce.audio.pcm import Samples, to_int16
from vivavoce.audio.wav import WavEncoder
from vivavoce.errors import InternalError, MissingDependencyError
from vivavoce.formats import AudioFormat


class Encoder(Protocol):
    """Makes the bytes of one stream."""

    delay_s: float
    """How much later than it was fed a sample is heard, in a decoder that follows the container's own trimming."""

    def feed(self, samples: Samples) -> bytes:
        """The bytes that ``samples`` complete, perhaps none."""
        ...

    def flush(self) -> bytes:
        """The rest, once: nothing may be fed afterwards."""
        ...


class Direct:
    """An encoder without header or state: each sample becomes its bytes at once."""

    delay_s = 0.0

    def __init__(self, pack: Callable[[Samples], bytes]) -> None:
        self._pack = pack

    def feed(self, samples: Samples) -> bytes:
        return self._pack(samples)

    def flush(self) -> bytes:
        return b""


def encoder(format: AudioFormat, *, total_samples: int | None = None) -> Encoder:
    """An encoder of samples at ``format.rate_hz``.

    ``total_samples``, if given, must be exactly what will be fed; WAV and FLAC headers then carry it. Raises
    MissingDependencyError when the library behind the format is not installed.
    """
    try:
        return _encoder(format, total_samples)
    except ImportError as error:
        raise MissingDependencyError(
            f"{format.name} needs the Python package {error.name!r}; install it, or choose pcm or wav",
            param="format",
        ) from error


def _encoder(format: AudioFormat, total_samples: int | None) -> Encoder:
    rate_hz, bit_rate_bps = format.rate_hz, format.bit_rate_bps or 0
    match format.name:
        case "pcm_s16le":
            return Direct(to_int16)
        case "pcm_f32le":
            return Direct(lambda samples: samples.astype("<f4", copy=False).tobytes())
        case "mulaw":
            return Direct(lambda samples: g711(samples, "mulaw"))
        case "alaw":
            return Direct(lambda samples: g711(samples, "alaw"))
        case "wav":
            return WavEncoder(rate_hz, total_samples)
        case "flac":
            return FlacEncoder(rate_hz, total_samples)
        case "mp3":
            return Mp3Encoder(rate_hz, bit_rate_bps)
        case "opus":
            return OpusEncoder(rate_hz, bit_rate_bps)
        case "aac":
            return AacEncoder(rate_hz, bit_rate_bps)
    raise InternalError(f"no encoder for the format {format.name!r}")
