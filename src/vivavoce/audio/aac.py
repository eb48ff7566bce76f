"""AAC-LC in ADTS frames, 1024 samples each.

FFmpeg's encoder looks one frame ahead, and ADTS has no place to say so: a listener hears everything 1024 samples
late (measured). Its "fast" coder is chosen: 5 times as fast as the default "twoloop" (260 against 47 times real
time), and on speech at 64 kbit/s also nearer to the original (27 against 21 dB).
"""

from __future__ import annotations

from typing import Final

from vivavoce.audio.codec import Codec
from vivavoce.audio.pcm import Samples

DELAY_SAMPLES: Final = 1024
_RATES_HZ: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_HEADER_BYTES: Final = 7


def adts(packet: bytes, rate_hz: int) -> bytes:
    """``packet`` as an ADTS frame (ISO 14496-3, 1.A.2.2): MPEG-4, no checksum, AAC-LC, mono, variable rate."""
    rate, size = _RATES_HZ.index(rate_hz), len(packet) + _HEADER_BYTES
    head = 0xFFF1 << 40 | 1 << 38 | rate << 34 | 1 << 30 | size << 13 | 0x7FF << 2
    return head.to_bytes(_HEADER_BYTES, "big") + packet


class AacEncoder:
    """Whole ADTS frames."""

    def __init__(self, rate_hz: int, bit_rate_bps: int) -> None:
        self._codec = Codec("aac", "fltp", rate_hz, bit_rate_bps, {"aac_coder": "fast"})
        self._rate_hz = rate_hz
        self.delay_s = DELAY_SAMPLES / rate_hz

    def feed(self, samples: Samples) -> bytes:
        return b"".join(adts(packet, self._rate_hz) for packet in self._codec.feed(samples))

    def flush(self) -> bytes:
        return b"".join(adts(packet, self._rate_hz) for packet in self._codec.flush())
