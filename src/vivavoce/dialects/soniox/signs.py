"""Signs of life: which streams of a shared socket are told that they are still open, and when.

The receivers of the vendor's blocking client share one lock, without turns. One that waits for a silent stream holds it;
all that comes for the others waits with it, even when they have ended. An event for the silent stream makes its receiver
let go, but it is back at the lock some microseconds later, mostly before another thread is awake: a single event every
half second let a sibling through after 14 s (median, measured with the client; up to 75 s), spells of pairs after 0.2 s.
The first event of a pair wakes who waits, the second opens the lock once more while it is awake.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

EVENTS: Final = 2
"""Events without content that a silent stream gets at once."""
SPELL_STEP_S: Final = 0.05
"""How often in a spell, which begins when something was said to a sibling."""
SPELL_S: Final = 0.3
SPELLS_EVERY_S: Final = 1.0
"""How long it is until the next spell. Where nobody receives for a silent stream, its events lie in the client: the
blocking one stops reading altogether at 16 of them."""
QUIET_S: Final = 0.5
"""How often else."""


class SignsOfLife:
    """What the streams of one socket have heard lately."""

    def __init__(self) -> None:
        self._heard: set[str] = set()
        self._news = False
        """Whether something was said that no spell has followed yet."""
        self._spell_at: float | None = None
        self._next_at: float | None = None

    def heard(self, stream: str) -> None:
        """Something was said to ``stream``."""
        self._heard.add(stream)
        self._news = True

    def due(self, streams: Iterable[str], now: float) -> list[str]:
        """Those of ``streams`` that are to hear something at ``now``, in seconds. To be asked every ``SPELL_STEP_S``."""
        if self._news and (self._spell_at is None or now >= self._spell_at + SPELLS_EVERY_S):
            self._news, self._spell_at = False, now
        if self._next_at is None:
            self._next_at = now + QUIET_S
        spell = self._spell_at is not None and now < self._spell_at + SPELL_S
        if now < self._next_at and not spell:
            return []
        silent = [stream for stream in streams if stream not in self._heard]
        self._heard.clear()
        self._next_at = now + QUIET_S
        return silent
