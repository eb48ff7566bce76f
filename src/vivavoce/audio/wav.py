"""WAV: a 44-byte header of our own, then 16-bit PCM.

While streaming nobody knows the length, so both sizes say 0xFFFFFFFF, which libsndfile, FFmpeg and browsers read as
"until the end". FFmpeg's own muxer would add a LIST chunk that some clients take for sound.
"""

from __future__ import annotations

import struct
from typing import Final

from vivavoce.audio.pcm import Samples, to_int16
from vivavoce.errors import InternalError

HEADER_BYTES: Final = 44
UNKNOWN: Final = 0xFFFFFFFF
_SAMPLE_BYTES: Final = 2


def header(rate_hz: int, total_samples: int | None) -> bytes:
    """The 44 bytes before the samples. A length that does not fit into 32 bits is written as unknown."""
    data = UNKNOWN if total_samples is None else total_samples * _SAMPLE_BYTES
    if data > UNKNOWN - HEADER_BYTES:
        data = UNKNOWN
    riff = UNKNOWN if data == UNKNOWN else data + HEADER_BYTES - 8
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", riff, b"WAVE"),
        *(b"fmt ", 16, 1, 1, rate_hz, rate_hz * _SAMPLE_BYTES, _SAMPLE_BYTES, 8 * _SAMPLE_BYTES),
        *(b"data", data),
    )


class WavEncoder:
    """16-bit WAV. The header comes whole, in front of the first samples, or from ``flush`` if there are none."""

    delay_s = 0.0

    def __init__(self, rate_hz: int, total_samples: int | None) -> None:
        self._header = header(rate_hz, total_samples)
        self._promised = total_samples
        self._written = 0

    def feed(self, samples: Samples) -> bytes:
        if not len(samples):
            return b""
        self._written += len(samples)
        return self._take_header() + to_int16(samples)

    def flush(self) -> bytes:
        """Raises InternalError when the header has promised another number of samples than came."""
        if self._promised is not None and self._promised != self._written:
            raise InternalError(
                f"the WAV header promised {self._promised} samples, but {self._written} were fed"
            )
        return self._take_header()

    def _take_header(self) -> bytes:
        first, self._header = self._header, b""
        return first
