"""The worker processes of one pool: started together, replaced when they end, stopped together.

Each slot has one *keeper*, the task that owns the slot's process: it alone starts and stops it, and whoever closes the
crew waits for the keepers.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from typing import Final

from vivavoce.engines.base import model_of
from vivavoce.errors import EngineError, WorkerDiedError
from vivavoce.runtime.clock import Clock
from vivavoce.runtime.frames import Load, Loaded, Look, Message
from vivavoce.runtime.metrics import Metrics
from vivavoce.runtime.process import WorkerProcess
from vivavoce.runtime.reserve import BACK_OFF_S, SPARE, Post, Reserve, Slot

log = logging.getLogger(__name__)

STALL_S: Final = 60.0
"""A worker whose step takes longer hangs in a library, and is killed like one that crashed."""


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crew:
    """``count`` slots, each with a running worker but for the moments of replacement."""

    def __init__(
        self,
        count: int,
        engines: str,
        clock: Clock,
        on_message: Callable[[Slot, int, Message], None],
        on_ready: Callable[[Slot], None],
        on_lost: Callable[[Slot], None],
        metrics: Metrics,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """``on_message`` gets everything that workers say. ``on_ready`` and ``on_lost`` are called alternately for a
        slot, with its process set and unset; none of the three is called about a spare. Workers find
        ``environment`` added to ours."""
        self._slots = [Slot(index) for index in range(count)]
        self._engines = engines
        self._environment = environment
        self._clock = clock
        self._on_message = on_message
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._metrics = metrics
        self._reserve = Reserve(self._start, self._voices_at_hand)
        self._keepers: list[asyncio.Task[None]] = []
        self._stall_timer: asyncio.TimerHandle | None = None
        self.deaths = 0
        """Workers that ended unasked."""

    @property
    def ready(self) -> int:
        """Workers that are ready now."""
        return sum(slot.process is not None for slot in self._slots)

    @property
    def spares(self) -> int:
        """Workers that wait, started, for another to end."""
        return self._reserve.ready

    def keep_spares(self, count: int) -> None:
        """Keep so many workers in reserve from now on."""
        self._reserve.open(count)

    async def start(self) -> None:
        """All workers are ready when this returns. Raises WorkerDiedError or OSError, leaving nothing running."""
        loop = asyncio.get_running_loop()
        starts: list[asyncio.Future[None]] = [loop.create_future() for _ in self._slots]
        self._keepers = [
            asyncio.create_task(self._keep(slot, first))
            for slot, first in zip(self._slots, starts, strict=True)
        ]
        try:
            for result in await asyncio.gather(*starts, return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result
        except BaseException:
            await self.close()
            raise
        self._look_for_stalls()

    async def close(self) -> None:
        """Stop every worker; safe to call more than once."""
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        await self._reserve.close()
        keepers, self._keepers = self._keepers, []
        for keeper in keepers:
            keeper.cancel()
        for ending in await asyncio.gather(*keepers, return_exceptions=True):
            if isinstance(ending, BaseException) and not isinstance(ending, asyncio.CancelledError):
                raise ending

    def at_hand(self) -> list[set[str]]:
        """What each worker has loaded."""
        return [slot.at_hand for slot in self._slots]

    def look(self) -> list[int]:
        """Have every worker that runs look for voices again; the slots that will answer."""
        running = [(slot.index, slot.process) for slot in self._slots if slot.process is not None]
        for _, process in running:
            process.send(0, Look())
        self._reserve.look()
        return [index for index, _ in running]

    async def load(self, voice: str) -> None:
        """Make ``voice`` ready in every worker that runs. Raises EngineError when one cannot, or ends over it."""
        loop = asyncio.get_running_loop()
        for slot in self._slots:
            if slot.process is not None and voice not in slot.loads:
                slot.loads[voice] = loop.create_future()
                slot.process.send(0, Load(voice))
        waits = [slot.loads[voice] for slot in self._slots if voice in slot.loads]
        for result in await asyncio.gather(*waits, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _keep(self, slot: Slot, first: asyncio.Future[None]) -> None:
        """Own the process of ``slot``. ``first`` tells how the first start went; a failed one is not repeated."""
        attempts = 0
        while True:
            try:
                post = self._reserve.take(slot) or await self._start(slot)
            except (WorkerDiedError, OSError) as error:
                if not first.done():
                    first.set_exception(error)
                    return
                self._count_death()
                log.warning("no new engine worker: %s", error)
                await asyncio.sleep(BACK_OFF_S[min(attempts, len(BACK_OFF_S) - 1)])
                attempts += 1
                continue
            attempts = 0
            assert post.process is not None
            process = slot.process = post.process
            try:
                self._on_ready(slot)
                if not first.done():
                    first.set_result(None)
                await process.lost.wait()
            finally:
                slot.process = None
                await process.stop()
            log.warning("engine worker %d ended %s; replacing it", process.pid, process.ending)

    async def _start(self, slot: Slot) -> Post:
        post = Post(slot)
        post.process = await WorkerProcess.start(
            self._engines,
            lambda number, message: self._hear(post, number, message),
            lambda: self._lose(post),
            self._environment,
        )
        return post

    def _hear(self, post: Post, number: int, message: Message) -> None:
        slot = post.slot
        if isinstance(message, Loaded):
            self._note(slot, message)
        if slot.index != SPARE:
            self._on_message(slot, number, message)

    def _note(self, slot: Slot, loaded: Loaded) -> None:
        """Keep in mind what the worker of ``slot`` has at hand now."""
        slot.at_hand.difference_update(loaded.unloaded)
        if loaded.error is None:
            slot.at_hand.add(model_of(loaded.voice))
            if slot.index != SPARE and loaded.took_s > 0:
                self._reserve.load(loaded.voice)
        load = slot.loads.pop(loaded.voice, None)
        if load is None or load.done():
            return
        if loaded.error is None:
            load.set_result(None)
        else:
            load.set_exception(EngineError(loaded.error))

    def _lose(self, post: Post) -> None:
        self._count_death()
        slot = post.slot
        post.left.set()
        slot.process = slot.busy_since = None
        slot.at_hand.clear()
        if slot.index != SPARE:
            self._on_lost(slot)
        for voice, load in slot.loads.items():
            if not load.done():
                load.set_exception(WorkerDiedError(f"the engine worker ended while it loaded {voice!r}"))
        slot.loads.clear()

    def _voices_at_hand(self) -> set[str]:
        """Models that any worker has loaded: a spare is to have them, too."""
        heavy = {model for slot in self._slots if slot.process for model in slot.process.memory_mb}
        return {voice for slot in self._slots for voice in slot.at_hand if voice in heavy}

    def _count_death(self) -> None:
        self.deaths += 1
        self._metrics.worker_died()

    def _look_for_stalls(self) -> None:
        now = self._clock.now()
        for slot in self._slots:
            if slot.busy_since is not None and now - slot.busy_since > STALL_S and slot.process is not None:
                slot.process.kill()
        self._stall_timer = asyncio.get_running_loop().call_later(STALL_S / 4, self._look_for_stalls)
