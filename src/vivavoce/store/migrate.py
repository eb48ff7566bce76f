"""Bringing a database to the newest migration, once, whoever opens it first.

Runs in a thread of its own, because alembic wants an event loop of its own. Alembic is loaded only when there is
something to do.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, inspect, text

from vivavoce.errors import StorageError
from vivavoce.store import models
from vivavoce.store.database import connect, our_errors

SCRIPTS: Final = Path(__file__).parent / "migrations"

_POSTGRES_LOCK: Final = 0x76_69_76_61
"""Any number, as long as nothing else in the database uses it."""


def upgrade(url: URL) -> None:
    """Migrate the database at ``url``; blocks. Raises StorageError.

    SQLite's schema changes are not transactional under alembic, so a file lock keeps two processes apart; on
    PostgreSQL an advisory lock does.
    """
    with _locked(url):
        asyncio.run(_upgrade(url))


async def _upgrade(url: URL) -> None:
    engine = connect(url)
    try:
        async with our_errors(), engine.connect() as connection:
            if url.get_backend_name() == "postgresql":
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_POSTGRES_LOCK})"))
            if await connection.run_sync(_revision) != models.HEAD:
                await connection.run_sync(_run_alembic)
            await connection.commit()
    finally:
        await engine.dispose()


def _revision(connection: Connection) -> str | None:
    """The migration that the database is at; ``None`` for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _run_alembic(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StorageError(
            f"the database is not one of this version ({error}); it may come from a newer Vivavoce"
        ) from error


@contextmanager
def _locked(url: URL) -> Iterator[None]:
    """Hold a lock file beside a SQLite database; nothing for PostgreSQL. The system frees it if we die."""
    if url.get_backend_name() != "sqlite":
        yield
        return
    try:
        lock = os.open(f"{url.database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StorageError(f"cannot write beside the database {url.database}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
