"""Signs of life: which streams of a shared socket are told that they are still open, and when.

The receivers of the vendor's blocking client share one lock, without turns. One that waits for a silent stream holds it;
all that comes for the others waits with it, even when they have ended. An event for the silent stream makes its receiver
let go, but it is back at the lock some microseconds later, mostly before another thread is awake: a single event every
half second let a sibling through after 14 s (median, measured with the client; up to 75 s), a pair of events every
50 ms after 0.2 s. The first event of a pair wakes who waits, the second opens the lock once more while it is awake.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

EVENTS: Final = 2
"""Events without content that a silent stream gets at once."""
LIVELY_S: Final = 0.05
"""How often, while something was said to a sibling less than ``LIVELY_FOR_S`` ago."""
LIVELY_FOR_S: Final = 2.0
QUIET_S: Final = 0.5
"""How often, on a socket where nothing is said."""


class SignsOfLife:
    """What the streams of one socket have heard lately."""

    def __init__(self) -> None:
        self._heard: set[str] = set()
        self._lively_until = -math.inf
        self._next_at: float | None = None

    def heard(self, stream: str) -> None:
        """Something was said to ``stream``."""
        self._heard.add(stream)

    def due(self, streams: Iterable[str], now: float) -> list[str]:
        """Those of ``streams`` that are to hear something at ``now``, in seconds. To be asked every ``LIVELY_S``."""
        if self._heard:
            self._lively_until = now + LIVELY_FOR_S
        if self._next_at is None:
            self._next_at = now + QUIET_S
        if now < self._next_at and now >= self._lively_until:
            return []
        silent = [stream for stream in streams if stream not in self._heard]
        self._heard.clear()
        self._next_at = now + QUIET_S
        return silent
