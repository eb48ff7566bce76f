"""The store of one server: opened once, kept fresh by one task, closed once.

The keeper task, which the store owns, writes usage every second, looks every ``store_refresh_s`` for what other
processes have changed, and tidies up every hour. A database that fails leaves the caches as they are and the usage
queue growing up to its bound; the keeper logs that once and tries again.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from vivavoce.errors import StorageError
from vivavoce.settings import Settings
from vivavoce.store.limiter import Limiter

if TYPE_CHECKING:
    from vivavoce.store.database import Database
    from vivavoce.store.dictionaries import Dictionaries
    from vivavoce.store.keys import Keys
    from vivavoce.store.usage import Usage
    from vivavoce.store.voices import CustomVoices

TIDY_S: Final = 3600.0
KEEP_TEMPORARY_S: Final = 86_400.0
"""How long an expired temporary key stays in the database."""

log = logging.getLogger(__name__)


class Store:
    """Keys, dictionaries, voices and usage. Everything is for the event loop's thread; see each part."""

    def __init__(self, settings: Settings, database: Database, clock: Callable[[], float]) -> None:
        from vivavoce.store.dictionaries import Dictionaries
        from vivavoce.store.keys import Keys
        from vivavoce.store.usage import Usage
        from vivavoce.store.voices import CustomVoices

        self._settings = settings
        self._clock = clock
        self._database = database
        self.keys: Keys = Keys(database, clock)
        self.dictionaries: Dictionaries = Dictionaries(database, clock)
        self.voices: CustomVoices = CustomVoices(database, clock, Path(settings.data_dir))
        self.usage: Usage = Usage(database, clock, settings.usage_queue)
        self.limiter = Limiter(self.usage.characters_this_month)
        self._seen: dict[str, int] = {}
        self._failing = False
        self._stopping = False
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: Settings, clock: Callable[[], float] = time.time) -> Store:
        """A store that is migrated, loaded and kept. ``clock`` gives Unix seconds.

        The first call in a process loads SQLAlchemy (most of a second of CPU) in a thread, so that the loop goes on:
        start workers meanwhile. Raises StorageError, OutOfRangeError or MissingDependencyError.
        """
        database = await asyncio.to_thread(_prepare, settings)
        store = cls(settings, database, clock)
        try:
            await store.refresh()
        except BaseException:  # a cancel, too; raised again
            await database.close()
            raise
        store._keeper = asyncio.create_task(store._keep(), name="store keeper")
        return store

    async def close(self) -> None:
        """Write what waits, then close; call when nothing uses the store. Safe to call more than once."""
        if self._keeper is not None:
            self._stopping = True
            self.usage.wake.set()
            await self._keeper
            self._keeper = None
            if self.usage.waiting():
                log.error("%d usage rows lost: the database did not take them", self.usage.waiting())
        await self._database.close()

    async def __aenter__(self) -> Store:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def refresh(self) -> None:
        """Take in what other processes have changed. Raises StorageError."""
        numbers = await self._database.revisions()
        for part in (self.keys, self.dictionaries, self.voices):
            name = part.table.name
            if self._seen.get(name) != numbers[name]:
                async with self._database.turn:
                    await part.load()
                # Read before the rows were, so that a write in between is seen as a change next time.
                self._seen[name] = numbers[name]
        await self.usage.load()

    async def tidy(self) -> None:
        """Delete what is too old to be of use. Raises StorageError."""
        now = self._clock()
        await self.keys.purge(now - KEEP_TEMPORARY_S)
        await self.usage.purge(now - self._settings.usage_days * 86_400.0)
        await self.voices.sweep()

    async def _keep(self) -> None:
        from vivavoce.store.usage import FLUSH_S

        loop = asyncio.get_running_loop()
        refresh_at = loop.time() + self._settings.store_refresh_s
        tidy_at = loop.time()
        while not self._stopping:
            await _wait(self.usage.wake, min(FLUSH_S, self._settings.store_refresh_s))
            if self._stopping:
                break
            await self._try("write usage", self.usage.flush)
            if loop.time() >= refresh_at:
                refresh_at = loop.time() + self._settings.store_refresh_s
                await self._try("refresh", self.refresh)
            if loop.time() >= tidy_at:
                tidy_at = loop.time() + TIDY_S
                await self._try("tidy", self.tidy)
        # Also when the store was closed before this task first ran.
        await self._try("write usage", self.usage.flush)

    async def _try(self, what: str, action: Callable[[], Any]) -> None:
        try:
            await action()
        except StorageError as error:
            if not self._failing:
                log.warning("cannot %s: %s; trying again", what, error)
            self._failing = True
        else:
            if self._failing:
                log.warning("the database is back")
            self._failing = False


def _prepare(settings: Settings) -> Database:
    """The migrated database; for a thread, because it imports and migrates."""
    database = importlib.import_module("vivavoce.store.database")
    migrate = importlib.import_module("vivavoce.store.migrate")
    for part in ("dictionaries", "keys", "usage", "voices"):
        importlib.import_module(f"vivavoce.store.{part}")
    url = database.address(settings)
    migrate.upgrade(url)
    found: Database = database.Database(url)
    return found


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    """Return when ``event`` is set or the time is over; clears it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
    event.clear()
