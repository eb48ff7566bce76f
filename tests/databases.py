"""Real databases for the store's tests: a SQLite file, or a database of its own on a real PostgreSQL server.

The server is that of VIVAVOCE_TEST_POSTGRES_URL, or one started for the session from the system's own binaries.
"""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec

from conftest import missing

P = ParamSpec("P")

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))


class HandClock:
    """Unix seconds that move only when told."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """The coroutine ``test`` as an ordinary one, in an event loop of its own."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server's own database."""
    given = os.environ.get("VIVAVOCE_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    if not BINARIES:
        missing("PostgreSQL", "install the package postgresql, or set VIVAVOCE_TEST_POSTGRES_URL")
    # A folder of its own: the server refuses root, and may not look into pytest's.
    folder = Path(tempfile.mkdtemp(prefix="vivavoce-postgres-"))
    account = "postgres" if os.geteuid() == 0 else None
    if account:
        shutil.chown(folder, account)
    options = f"-c listen_addresses= -c fsync=off -k {folder}"
    try:
        _run(account, "initdb", "-D", f"{folder}/data", "-U", "vivavoce", "-A", "trust", "-N", "-E", "UTF8")
        _run(account, "pg_ctl", "-D", f"{folder}/data", "-o", options, "-l", f"{folder}/log", "-w", "start")
        yield f"postgresql://vivavoce@/postgres?host={folder}"
    finally:
        _run(account, "pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop", check=False)
        shutil.rmtree(folder)


def _run(account: str | None, program: str, *arguments: str, check: bool = True) -> None:
    # The server outlives pg_ctl and must not hold on to our pipes.
    subprocess.run(
        [str(BINARIES[-1] / program), *arguments],
        user=account,
        cwd="/",
        check=check,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def postgres_database(server: str, name: str) -> Iterator[str]:
    """The address of a new, empty database on ``server``; gone afterwards."""
    from sqlalchemy import make_url

    asyncio.run(_statement(server, f'CREATE DATABASE "{name}"'))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(_statement(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _statement(server: str, statement: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
