"""Workers that have started and loaded their voices before anybody needs them: when one dies, its place is taken by one
of these at once, and no listener waits for a start or a model.

A spare is owned by the task that started it until it is taken; from then on by whoever took it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from vivavoce.errors import WorkerDiedError
from vivavoce.runtime.frames import Load, Look
from vivavoce.runtime.process import WorkerProcess

log = logging.getLogger(__name__)

BACK_OFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Waits before the next attempt at a worker that keeps ending before it is ready."""


@dataclass(eq=False, slots=True)
class Slot:
    """A place for a worker; the processes in it change."""

    index: int
    """``SPARE`` for a place in the reserve."""
    process: WorkerProcess | None = None
    busy_since: float | None = None
    """When its step began, by the pool's clock; the pool sets it."""
    at_hand: set[str] = field(default_factory=set)
    """Models that its process has loaded, and light voices that it was told to speak with."""
    loads: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    """Voices that its process was asked to load."""


SPARE: Final = -1


@dataclass(eq=False, slots=True)
class Post:
    """A process and the slot it works for, which changes when a spare takes over."""

    slot: Slot
    process: WorkerProcess | None = None
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it leaves the reserve: taken, or lost."""


class Reserve:
    """``count`` spares once :meth:`open` was called; none before."""

    def __init__(
        self, start: Callable[[Slot], Awaitable[Post]], voices: Callable[[], Collection[str]]
    ) -> None:
        """``start`` gives a running process for a slot (raises WorkerDiedError or OSError); ``voices`` are those that
        it is to load."""
        self._start = start
        self._voices = voices
        self._ready: list[Post] = []
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> int:
        """Spares that have started."""
        return len(self._ready)

    def open(self, count: int) -> None:
        """Keep ``count`` spares from now on; fewer than before is no change."""
        while len(self._keepers) < count:
            self._keepers.append(asyncio.create_task(self._keep()))

    def take(self, slot: Slot) -> Post | None:
        """A spare, if one has started: ``slot`` is its place now, and the caller owns it."""
        post = next((post for post in self._ready if not post.left.is_set()), None)
        if post is None:
            return None
        self._ready.remove(post)
        slot.at_hand, slot.loads = post.slot.at_hand, post.slot.loads
        post.slot = slot
        post.left.set()
        return post

    def load(self, voice: str) -> None:
        """Have every spare load ``voice``, too."""
        for post in self._ready:
            if post.process is not None:
                post.process.send(0, Load(voice))

    def look(self) -> None:
        """Have every spare look for voices again, too."""
        for post in self._ready:
            if post.process is not None:
                post.process.send(0, Look())

    async def close(self) -> None:
        """Stop every spare; safe to call more than once."""
        keepers, self._keepers = self._keepers, []
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self) -> None:
        """Own one spare after another."""
        attempts = 0
        while True:
            try:
                post = await self._start(Slot(SPARE))
            except (WorkerDiedError, OSError) as error:
                log.warning("no spare engine worker: %s", error)
                await asyncio.sleep(BACK_OFF_S[min(attempts, len(BACK_OFF_S) - 1)])
                attempts += 1
                continue
            assert post.process is not None
            self._ready.append(post)
            for voice in self._voices():
                post.process.send(0, Load(voice))
            try:
                await post.left.wait()
            finally:
                if post in self._ready:
                    self._ready.remove(post)
                    await post.process.stop()
            if post.slot.index == SPARE:  # It ended by itself, perhaps over a voice that it was to load.
                log.warning("a spare engine worker ended %s", post.process.ending)
                await asyncio.sleep(BACK_OFF_S[min(attempts, len(BACK_OFF_S) - 1)])
                attempts += 1
            else:
                attempts = 0
