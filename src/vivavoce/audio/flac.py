"""FLAC, 16 bit, in blocks of 20 ms (2 % larger than FFmpeg's blocks of 105 ms, which would be held back).

While streaming the STREAMINFO block leaves length and MD5 unknown (zero), as the format allows. FFmpeg and browsers
play that; libsndfile refuses a FLAC file without a length.
"""

from __future__ import annotations

from typing import Final

from vivavoce.audio.codec import Codec
from vivavoce.audio.pcm import Samples
from vivavoce.errors import InternalError

BLOCK_MS: Final = 20
_LENGTH_BITS: Final = 36


def stream_info(made: bytes, total_samples: int | None) -> bytes:
    """The encoder's own STREAMINFO (34 bytes) with our length and no MD5 (RFC 9639, 8.2)."""
    packed = int.from_bytes(made[10:18], "big") >> _LENGTH_BITS << _LENGTH_BITS
    return made[:10] + (packed | (total_samples or 0)).to_bytes(8, "big") + bytes(16)


class FlacEncoder:
    """FLAC. The header comes with the first frame, or from ``flush`` if there is none."""

    delay_s = 0.0

    def __init__(self, rate_hz: int, total_samples: int | None) -> None:
        self._codec = Codec("flac", "s16", rate_hz, None, {"frame_size": str(rate_hz * BLOCK_MS // 1000)})
        info = stream_info(self._codec.extradata, total_samples)
        # One metadata block, flagged as the last, of type 0.
        self._header = b"fLaC\x80" + len(info).to_bytes(3, "big") + info
        self._promised = total_samples
        self._taken = 0

    def feed(self, samples: Samples) -> bytes:
        self._taken += len(samples)
        frames = b"".join(self._codec.feed(samples))
        return self._take_header() + frames if frames else b""

    def flush(self) -> bytes:
        """Raises InternalError when STREAMINFO has promised another number of samples than came."""
        if self._promised is not None and self._promised != self._taken:
            raise InternalError(f"STREAMINFO promised {self._promised} samples, but {self._taken} were fed")
        frames = self._codec.flush()
        return self._take_header() + b"".join(frames)

    def _take_header(self) -> bytes:
        first, self._header = self._header, b""
        return first
