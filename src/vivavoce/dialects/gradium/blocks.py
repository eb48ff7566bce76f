"""Audio in messages of 80 ms, whatever runs of bytes it was encoded in.

Every message but a request's last holds exactly 80 ms: 7680 bytes at 48 kHz (Gradium's table of output formats). At
a flush point the listener is owed all the sound so far, so the message at hand is filled up with silence, by which
everything after it is heard that much later. Opus comes in whole Ogg pages instead, 20 ms each here, four a message.
"""

from __future__ import annotations

import struct
from typing import Final, Protocol

from msgspec import Struct

from vivavoce.dialects.gradium.messages import FRAME_MS

PAGE_HEAD_BYTES: Final = 27
PAGES: Final = 4
"""Audio pages in a message."""
GRANULES_HZ: Final = 48000


class Block(Struct, frozen=True):
    """One message's audio, and which stretch of the request's audio it is."""

    data: bytes
    start_s: float
    stop_s: float


class Blocks(Protocol):
    """Divides the audio of one request."""

    shift_s: float
    """By how much the audio to come is later than it was made, for silence put in."""

    def feed(self, data: bytes) -> list[Block]:
        """The blocks that ``data`` completes."""
        ...

    def flush(self) -> list[Block]:
        """All the sound so far, as whole blocks."""
        ...

    def finish(self) -> list[Block]:
        """What is left at the end."""
        ...


class SampleBlocks:
    """Samples of a fixed size, after ``header_bytes`` of a header that goes with the first block."""

    def __init__(self, rate_hz: int, silence: bytes, header_bytes: int = 0) -> None:
        """``silence`` is one silent sample."""
        self.shift_s = 0.0
        self._rate_hz = rate_hz
        self._silence = silence
        self._header_bytes = header_bytes
        self._size = rate_hz * FRAME_MS // 1000 * len(silence)
        self._held = bytearray()
        self._samples = 0
        """Samples given out."""

    def feed(self, data: bytes) -> list[Block]:
        """See :class:`Blocks`."""
        self._held += data
        out = []
        while len(self._held) >= self._header_bytes + self._size:
            out.append(self._take(self._header_bytes + self._size))
        return out

    def flush(self) -> list[Block]:
        """See :class:`Blocks`."""
        held = len(self._held) - self._header_bytes
        if held <= 0:
            return []
        missing = (self._size - held) // len(self._silence)
        self._held += self._silence * missing
        self.shift_s += missing / self._rate_hz
        return self.feed(b"")

    def finish(self) -> list[Block]:
        """See :class:`Blocks`."""
        return [self._take(len(self._held))] if self._held else []

    def _take(self, size: int) -> Block:
        data = bytes(self._held[:size])
        del self._held[:size]
        start_s = self._samples / self._rate_hz
        self._samples += (size - self._header_bytes) // len(self._silence)
        self._header_bytes = 0
        return Block(data, round(start_s, 6), round(self._samples / self._rate_hz, 6))


class OggBlocks:
    """Pages of one Ogg Opus stream, a packet of 20 ms each."""

    def __init__(self) -> None:
        self.shift_s = 0.0
        self._held = bytearray()
        """Bytes of a page that is not whole."""
        self._pages: list[bytes] = []
        self._sounding = 0
        """How many of the pages at hand carry sound."""
        self._skip: int | None = None
        """Granules at the start that a decoder throws away (RFC 7845, 5.1)."""
        self._start_s = self._stop_s = 0.0

    def feed(self, data: bytes) -> list[Block]:
        """See :class:`Blocks`."""
        self._held += data
        out: list[Block] = []
        while (size := self._page_bytes()) is not None:
            self._add(bytes(self._held[:size]))
            del self._held[:size]
            if self._sounding == PAGES:
                out.append(self._block())
        return out

    def flush(self) -> list[Block]:
        """See :class:`Blocks`. What the codec holds back comes later all the same."""
        return [self._block()] if self._sounding else []

    def finish(self) -> list[Block]:
        """See :class:`Blocks`."""
        return [self._block()] if self._pages else []

    def _page_bytes(self) -> int | None:
        """The size of the page that comes first, if all of it is there (RFC 3533, 6)."""
        held = self._held
        if len(held) < PAGE_HEAD_BYTES or len(held) < (head := PAGE_HEAD_BYTES + held[26]):
            return None
        size = head + sum(held[PAGE_HEAD_BYTES:head])
        return size if len(held) >= size else None

    def _add(self, page: bytes) -> None:
        (granule,) = struct.unpack_from("<q", page, 6)
        if self._skip is None:
            (self._skip,) = struct.unpack_from("<H", page, page.index(b"OpusHead") + 10)
        elif granule > 0:
            self._sounding += 1
            self._stop_s = max(self._stop_s, round((granule - self._skip) / GRANULES_HZ, 6))
        self._pages.append(page)

    def _block(self) -> Block:
        data = b"".join(self._pages)
        self._pages, self._sounding = [], 0
        start_s, self._start_s = self._start_s, self._stop_s
        return Block(data, start_s, self._stop_s)
