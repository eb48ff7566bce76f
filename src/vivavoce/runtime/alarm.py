"""One timer that is set for the earliest of the moments asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vivavoce.runtime.clock import Clock


class Alarm:
    """Calls ``ring`` on the event loop's thread. It may come a moment early: whoever hears it looks at the clock."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def set(self, due: float) -> None:
        """Ring at ``due`` or, if that was asked for before, earlier."""
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._due = due
        delay_s = max(0.0, due - self._clock.now())
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._on_timer)

    def cancel(self) -> None:
        """Do not ring. Safe more than once."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timer(self) -> None:
        self._timer = None
        self._ring()
