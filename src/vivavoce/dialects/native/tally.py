"""The counting behind a native session that outlives its sockets. Pure.

Each side counts the frames that it has received, and keeps what it sent until the other has confirmed it: all frames
but ``session``, ``resume``, ``resumed`` and ``ack``. A new socket begins with both counts, and each side goes on where the
other's count ends. So every frame is taken exactly once, wherever a socket is cut.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Generic, TypeVar

from vivavoce.errors import OutOfRangeError

F = TypeVar("F")
ACK_FRAMES: Final = 16
ACK_BYTES: Final = 32_768
"""Received frames, or their bytes, after which the other side is told the count."""


class Tally(Generic[F]):
    """One side's count of a session, and what it may have to send again."""

    def __init__(self, limit_bytes: int) -> None:
        """``limit_bytes`` of unconfirmed frames are kept at most, and one frame more."""
        self._limit_bytes = limit_bytes
        self._kept: deque[tuple[F, int]] = deque()
        self._kept_bytes = 0
        self._base = 0
        self._next = 0
        self._told = 0
        self._untold_bytes = 0
        self.received = 0

    @property
    def full(self) -> bool:
        """Whether nothing more may be kept until something is confirmed."""
        return self._kept_bytes >= self._limit_bytes

    @property
    def unsent(self) -> int:
        """Kept frames that the present socket has not carried."""
        return self._base + len(self._kept) - self._next

    def keep(self, frame: F, size: int) -> None:
        """A frame is to be sent."""
        self._kept.append((frame, size))
        self._kept_bytes += size

    def take(self) -> F | None:
        """The frame to send next, which then counts as sent on this socket."""
        if self.unsent == 0:
            return None
        self._next += 1
        return self._kept[self._next - 1 - self._base][0]

    def confirm(self, after: int) -> None:
        """The other side has received ``after`` frames. Raises OutOfRangeError for a count that cannot be."""
        if not self._base <= after <= self._base + len(self._kept):
            last = self._base + len(self._kept)
            raise OutOfRangeError(f"after: expected {self._base} to {last}, got {after}", param="after")
        while self._base < after:
            self._kept_bytes -= self._kept.popleft()[1]
            self._base += 1
        self._next = max(self._next, self._base)

    def rewind(self, after: int) -> None:
        """A new socket: go on behind ``after``. Raises OutOfRangeError."""
        self.confirm(after)
        self._next = self._base

    def count(self, size: int) -> bool:
        """A frame of ``size`` bytes was received. Whether the other side is to be told."""
        self.received += 1
        self._untold_bytes += size
        return self.received - self._told >= ACK_FRAMES or self._untold_bytes >= ACK_BYTES

    def told(self) -> int:
        """What the other side is told now: the count."""
        self._told, self._untold_bytes = self.received, 0
        return self.received
