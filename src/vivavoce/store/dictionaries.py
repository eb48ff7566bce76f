"""Pronunciation dictionaries: kept in the database, read from memory."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import delete, insert, update

from vivavoce.errors import NotFoundError, OutOfRangeError, quoted
from vivavoce.records import Dictionary
from vivavoce.store import checks, models
from vivavoce.store.database import Database, columns, value_of
from vivavoce.text import pronounce
from vivavoce.text.pronounce import Entry

MAX_ENTRIES: Final = 10_000


class Dictionaries:
    """All dictionaries. Synchronous methods answer from memory."""

    table = models.dictionaries

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._all: dict[str, Dictionary] = {}
        self._ready: dict[str, pronounce.Dictionary] = {}
        """The same ones, compiled."""

    def get(self, dictionary_id: str) -> Dictionary:
        """Raises NotFoundError."""
        found = self._all.get(dictionary_id)
        if found is None:
            raise NotFoundError(f"no dictionary has the id {quoted(dictionary_id)}", param="dictionary")
        return found

    def compiled(self, dictionary_id: str) -> pronounce.Dictionary:
        """The dictionary ready for use, compiled when it was changed. Raises NotFoundError."""
        self.get(dictionary_id)
        return self._ready[dictionary_id]

    def all(self, *, owner: str | None = None, language: str | None = None) -> tuple[Dictionary, ...]:
        """Every dictionary, oldest first; only those of one account (and everybody's), or of one language."""
        found = (
            one
            for one in self._all.values()
            if (owner is None or one.owner in (owner, None))
            and (language is None or one.language == language)
        )
        return tuple(sorted(found, key=lambda one: (one.created_at, one.id)))

    async def create(
        self,
        name: str,
        entries: Iterable[Entry],
        *,
        language: str | None = None,
        description: str = "",
        owner: str | None = None,
    ) -> Dictionary:
        """A new dictionary. Names need not be unique. Raises OutOfRangeError or MissingFieldError."""
        now = self._clock()
        made = _checked(
            Dictionary(
                id=secrets.token_hex(11),
                name=name,
                language=language,
                description=description,
                entries=tuple(entries),
                owner=owner,
                created_at=now,
                updated_at=now,
            )
        )
        ready = await _compile(made)
        async with self._database.turn:
            async with self._database.writing(models.dictionaries) as connection:
                await connection.execute(insert(models.dictionaries).values(**columns(made)))
            self._all[made.id], self._ready[made.id] = made, ready
        return made

    async def update(self, dictionary_id: str, **changes: Any) -> Dictionary:
        """Change some of ``name``, ``language``, ``description`` and ``entries`` (which replace all the old ones).

        A stream that is speaking keeps what it began with. Raises NotFoundError and what :meth:`create` raises.
        """
        assert changes.keys() <= {"name", "language", "description", "entries"}, changes.keys()
        async with self._database.turn:
            changed = _checked(replace(self.get(dictionary_id), **changes, updated_at=self._clock()))
            ready = await _compile(changed)
            async with self._database.writing(models.dictionaries) as connection:
                mine = models.dictionaries.c.id == dictionary_id
                done = await connection.execute(
                    update(models.dictionaries).where(mine).values(**columns(changed))
                )
            if done.rowcount:
                self._all[dictionary_id], self._ready[dictionary_id] = changed, ready
            else:  # another process has deleted it
                del self._all[dictionary_id], self._ready[dictionary_id]
        return self.get(dictionary_id)

    async def delete(self, dictionary_id: str) -> None:
        """Raises NotFoundError."""
        async with self._database.turn:
            self.get(dictionary_id)
            async with self._database.writing(models.dictionaries) as connection:
                await connection.execute(
                    delete(models.dictionaries).where(models.dictionaries.c.id == dictionary_id)
                )
            del self._all[dictionary_id]
            del self._ready[dictionary_id]

    async def load(self) -> None:
        """Take everything from the database anew; the caller holds the database's turn."""
        rows = await self._database.everything(models.dictionaries)
        loaded = {row.id: value_of(row, Dictionary) for row in rows}
        ready = {}
        for one in loaded.values():
            old = self._all.get(one.id)
            unchanged = old is not None and old.updated_at == one.updated_at
            ready[one.id] = self._ready[one.id] if unchanged else await _compile(one)
        self._all, self._ready = loaded, ready


async def _compile(one: Dictionary) -> pronounce.Dictionary:
    """Takes 20 µs an entry, so in a thread."""
    return await asyncio.to_thread(pronounce.Dictionary, one.entries)


def _checked(given: Dictionary) -> Dictionary:
    checks.text(given.name, "name", 200)
    checks.text(given.description, "description", 5000, blank=True)
    if given.language is not None:
        checks.text(given.language, "language", 35)
    if len(given.entries) > MAX_ENTRIES:
        raise OutOfRangeError(
            f"entries: expected at most {MAX_ENTRIES}, got {len(given.entries)}", param="entries"
        )
    for entry in given.entries:
        checks.text(entry.original, "original", 200)
        checks.text(entry.rewrite, "rewrite", 1000, blank=True)
    return given
