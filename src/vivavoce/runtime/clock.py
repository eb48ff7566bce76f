"""Where time comes from, so that nothing else in the runtime reads a clock."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A clock that never goes back."""

    def now(self) -> float:
        """Seconds since some fixed moment."""
        ...

    def cpu_s(self) -> float:
        """CPU seconds that this process has used."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        return time.monotonic()

    def cpu_s(self) -> float:
        return time.process_time()
