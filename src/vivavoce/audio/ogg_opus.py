"""Opus in Ogg, a page for every packet of 20 ms.

FFmpeg's Ogg muxer holds a packet back, and up to two seconds of them by default; pages of our own leave the moment
their packet is made, so that only the codec's own 6.5 ms are held. RFC 3533 (Ogg pages) and RFC 7845 (Opus in Ogg)
are the sources: the stream is one OpusHead page, one OpusTags page, then audio. A page's granule position counts
samples at 48 kHz, the pre-skip included, up to the end of its packet; the last page's says where the sound really
ends, so that decoders trim both ends and give back exactly what went in.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

from vivavoce.audio.codec import Codec
from vivavoce.audio.pcm import Samples, silence

GRANULE_HZ: Final = 48000
PACKET_MS: Final = 20
_GRANULES: Final = GRANULE_HZ * PACKET_MS // 1000
_BEGIN, _END = 2, 4
_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_VENDOR: Final = b"vivavoce"


def checksum(page: bytes) -> int:
    """Ogg's CRC-32: zlib's polynomial, but bits the other way round, starting from 0 and not inverted.

    Mirroring the bits of every byte in and of the result out turns one into the other (0.6 µs a page).
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


class Pages:
    """One logical Ogg stream, a packet a page."""

    def __init__(self, serial: int = 1) -> None:
        self._serial = serial
        self._number = 0

    def page(self, packet: bytes, granule: int, flags: int = 0) -> bytes:
        """The next page, which holds all of ``packet`` (less than 65,025 bytes)."""
        lacing = b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
        head = struct.pack("<4sBBqII", b"OggS", 0, flags, granule, self._serial, self._number)
        tail = bytes([len(lacing)]) + lacing + packet
        self._number += 1
        return head + struct.pack("<I", checksum(head + bytes(4) + tail)) + tail


class OpusEncoder:
    """Ogg Opus. The two header pages come with the first audio page."""

    delay_s = 0.0

    def __init__(self, rate_hz: int, bit_rate_bps: int) -> None:
        self._codec = Codec("libopus", "flt", rate_hz, bit_rate_bps, {"frame_duration": str(PACKET_MS)})
        self._rate_hz = rate_hz
        self._pages = Pages()
        self._skip = int.from_bytes(self._codec.extradata[10:12], "little")
        self._started = False
        self._taken = 0
        self._packets = 0

    def feed(self, samples: Samples) -> bytes:
        self._taken += len(samples)
        return b"".join(map(self._page, self._codec.feed(samples)))

    def flush(self) -> bytes:
        # What the listener skips at the start is owed at the end, so at least one more packet is always due.
        end = self._skip + self._taken * GRANULE_HZ // self._rate_hz
        owed = -(-end // _GRANULES) - self._packets
        held = self._taken % self._codec.block
        *whole, last = self._codec.feed(silence(owed * self._codec.block - held))
        return b"".join(map(self._page, whole)) + self._headers() + self._pages.page(last, end, _END)

    def _page(self, packet: bytes) -> bytes:
        self._packets += 1
        return self._headers() + self._pages.page(packet, self._packets * _GRANULES)

    def _headers(self) -> bytes:
        """The OpusHead that the codec wrote and an OpusTags without tags, the first time."""
        if self._started:
            return b""
        self._started = True
        tags = b"OpusTags" + struct.pack("<I", len(_VENDOR)) + _VENDOR + struct.pack("<I", 0)
        return self._pages.page(self._codec.extradata, 0, _BEGIN) + self._pages.page(tags, 0)
