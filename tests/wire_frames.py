"""Frames of the native wire as the server sends them, and a bell that counts: for tests of the client's core."""

from __future__ import annotations

from typing import Final

from vivavoce.client.core.wire import HEADER

OPENED: Final = '{"type":"opened","stream":1,"voice":"v","format":"wav","rate_hz":8000}'
ENDED: Final = '{"type":"ended","stream":1,"audio_s":1.0,"characters":3,"cancelled":false}'


class Bell:
    """Counts."""

    def __init__(self) -> None:
        self.rung = 0

    def ring(self) -> None:
        self.rung += 1


def audio(sequence: int, data: bytes, stream: int = 1) -> bytes:
    """A frame of audio."""
    return HEADER.pack(stream, sequence) + data
