"""An event loop whose clock jumps: when nobody can go on before a timer, it is that timer's moment already.

Timeouts and pauses keep their order and cost no time. Only for stories without sockets and threads: their answers would
come after hours of such time.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class JumpingLoop(asyncio.SelectorEventLoop):
    """Its :meth:`time` starts at zero and passes only while everybody waits."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Jumps(self))

    def time(self) -> float:
        return self._now

    def pass_on(self, seconds: float) -> None:
        """Be that much later."""
        self._now += seconds


class _Jumps(selectors.DefaultSelector):
    """Waits for nothing but real events that are there."""

    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everybody waits, and no timer will ever end it")
        if not ready and timeout:
            self._loop.pass_on(timeout)
        return ready
