"""The one door to the database: its address, its connections, and driver errors turned into ours.

SQLite (WAL) by default, PostgreSQL by URL. A write first raises its table's number in ``revisions``: other processes
notice by it, and on SQLite the transaction so begins with a write, which waits for its turn (``busy_timeout``)
where one that began with a read would fail at once. Within a process :attr:`Database.turn` orders writes and reloads
of caches, so that a reload never brings back what a write has just replaced.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import URL, Row, Table, event, make_url, select, update
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from vivavoce.errors import AlreadyExistsError, MissingDependencyError, OutOfRangeError, StorageError
from vivavoce.settings import Settings
from vivavoce.store import models

FILE: Final = "vivavoce.db"
"""The database in the data directory."""
BUSY_MS: Final = 5000
"""How long a SQLite write waits for another process's."""
CONNECT_S: Final = 5.0
COMMAND_S: Final = 30.0
"""How long PostgreSQL may take to answer before it counts as failed."""

_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}

T = TypeVar("T")


def address(settings: Settings) -> URL:
    """Where the database is; makes the data directory if it is to lie there.

    Raises OutOfRangeError for an address of another kind, MissingDependencyError without its driver, StorageError
    when the directory cannot be made. No message shows the address, which may hold a password.
    """
    if not settings.database_url:
        folder = Path(settings.data_dir)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot make the data directory {folder}: {error.strerror}") from error
        return URL.create(_DRIVERS["sqlite"], database=str(folder / FILE))
    try:
        url = make_url(settings.database_url)
    except ArgumentError:
        raise _bad_address() from None
    kind = url.get_backend_name()
    if kind not in _DRIVERS or not url.database:
        raise _bad_address()
    if kind == "postgresql" and importlib.util.find_spec("asyncpg") is None:
        raise MissingDependencyError(
            "PostgreSQL needs asyncpg; install it with: pip install 'vivavoce[postgres]'"
        )
    return url.set(drivername=_DRIVERS[kind])


def _bad_address() -> OutOfRangeError:
    return OutOfRangeError(
        "VIVAVOCE_DATABASE_URL: expected postgresql://user:password@host/name or sqlite:////path/to/file",
        param="database_url",
    )


def connect(url: URL) -> AsyncEngine:
    """An engine for ``url``; connects only when used."""
    if url.get_backend_name() == "postgresql":
        patience = {"timeout": CONNECT_S, "command_timeout": COMMAND_S}
        return create_async_engine(url, pool_pre_ping=True, connect_args=patience)
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    """WAL lets readers and one writer work at once. ``synchronous=NORMAL`` keeps every commit through the death of
    the process; a power cut may take the last ones, never the file's soundness."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@asynccontextmanager
async def our_errors() -> AsyncIterator[None]:
    """Turns what drivers raise into AlreadyExistsError or StorageError."""
    try:
        yield
    except IntegrityError as error:
        raise AlreadyExistsError("something with this id is already stored", param="id") from error
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        # asyncpg's own and the system's errors while connecting come through unwrapped.
        reason = getattr(error, "orig", None) or error
        raise StorageError("the database failed", reason=f"{type(reason).__name__}: {reason}") from error


class Database:
    """Connections to one database. Everything it does raises StorageError when the database fails."""

    def __init__(self, url: URL) -> None:
        self._engine = connect(url)
        self.turn = asyncio.Lock()
        """Held while writing to a cached table or loading one."""

    @property
    def postgres(self) -> bool:
        """Whether it is PostgreSQL, not SQLite."""
        return self._engine.dialect.name == "postgresql"

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with; every statement sees what is committed by then."""
        async with our_errors(), self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self, table: Table | None = None) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end. ``table`` is the cached table that it changes, if it does."""
        async with our_errors(), self._engine.begin() as connection:
            if table is not None:
                number = models.revisions.c.number
                row = models.revisions.c.name == table.name
                await connection.execute(update(models.revisions).where(row).values(number=number + 1))
            yield connection

    async def revisions(self) -> dict[str, int]:
        """The number of every cached table."""
        async with self.reading() as connection:
            rows = await connection.execute(select(models.revisions.c.name, models.revisions.c.number))
            return {row.name: row.number for row in rows}

    async def everything(self, table: Table, *conditions: Any) -> list[Row[Any]]:
        """All rows of ``table`` that meet the conditions."""
        async with self.reading() as connection:
            return list((await connection.execute(select(table).where(*conditions))).all())

    async def close(self) -> None:
        """Closes every connection; call when nothing is using one."""
        await self._engine.dispose()


def columns(value: msgspec.Struct) -> dict[str, Any]:
    """A value as the columns of its table; what is nested becomes JSON."""
    found: dict[str, Any] = msgspec.to_builtins(value)
    return found


def value_of(row: Row[Any], kind: type[T]) -> T:
    """The value of type ``kind`` that :func:`columns` made ``row`` from; further columns are passed over."""
    # The keys are a subclass of str, which msgspec does not take.
    return msgspec.convert({str(name): value for name, value in row._mapping.items()}, kind)
