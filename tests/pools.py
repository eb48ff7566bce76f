"""A pool with real workers, for tests: at work within, and nothing of it left afterwards."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psutil

from scripted import Listener
from vivavoce.runtime.clock import SystemClock
from vivavoce.runtime.pool import LocalPool
from vivavoce.runtime.seats import Seat
from vivavoce.settings import Settings


@asynccontextmanager
async def running(workers: int = 2, engines: str = "tone", **options: Any) -> AsyncGenerator[LocalPool]:
    """A pool at work; nothing of it is left afterwards."""
    pool = LocalPool(Settings(workers=workers, engines=engines, **options), SystemClock())
    await pool.start()
    try:
        yield pool
    finally:
        pids = workers_of(os.getpid())
        await pool.close()
        assert not any(map(alive, pids))


def workers_of(pid: int) -> list[int]:
    """Process ids of the workers below ``pid``, in the order they were started."""
    below = psutil.Process(pid).children(recursive=True)
    return [child.pid for child in below if "vivavoce.runtime.worker" in child.cmdline()]


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and that nobody has waited for does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def eventually(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - neither workers nor queues set an event here
            await asyncio.sleep(0.005)


def speaker_of(listener: Listener) -> int:
    """Process id of the worker that speaks to ``listener`` now; only the pool's own seats know."""
    assert isinstance(listener.seat, Seat)
    flight = listener.seat.flight
    assert flight is not None
    assert flight.slot is not None
    assert flight.slot.process is not None
    return int(flight.slot.process.pid)
