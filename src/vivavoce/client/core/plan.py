"""How patient a client is: timeouts, tries, and how much it holds."""

from __future__ import annotations

import random
from collections.abc import Callable

from msgspec import Struct

from vivavoce.client.types import Retries, Timeouts


class Plan(Struct, frozen=True):
    """The patience of one client."""

    timeouts: Timeouts = Timeouts()
    retries: Retries = Retries()
    buffer_bytes: int = 262_144
    """Audio that one stream may hold unheard here; the server pauses the stream beyond it."""
    streams_per_socket: int = 32
    """Streams that share a socket before another is opened; the server's own bound is 64 unless it is set."""
    dice: Callable[[], float] = random.random

    def delay_s(self, attempt: int, retry_after_s: float | None = None) -> float:
        """Seconds to wait before try ``attempt`` (from 1): what the server asked for, or twice as long each time,
        and up to half of it more, so that clients which failed together do not come back together."""
        retries = self.retries
        own_s = min(retries.longest_s, retries.first_s * 2.0 ** min(attempt - 1, 30))
        base_s = own_s if retry_after_s is None else max(0.0, retry_after_s)
        return base_s + self.dice() * 0.5 * own_s
