"""What the commands that work on the store share: where it is, and opening it for one action."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from vivavoce.settings import load
from vivavoce.store.store import Store

C = TypeVar("C", bound=Callable[..., Any])
T = TypeVar("T")


def store_flags(command: C) -> C:
    """Give ``command`` the flags that say which store it works on."""
    command = click.option(
        "--database-url",
        default=None,
        metavar="URL",
        help="PostgreSQL address. [SQLite in the data directory; VIVAVOCE_DATABASE_URL]",
    )(command)
    return click.option(
        "--data-dir",
        default=None,
        metavar="DIR",
        help="Folder of all state. [~/.local/share/vivavoce; VIVAVOCE_DATA_DIR]",
    )(command)


def with_store(data_dir: str | None, database_url: str | None, action: Callable[[Store], Awaitable[T]]) -> T:
    """What ``action`` returns, run on the store; a running server sees its changes within seconds."""

    async def run() -> T:
        async with await Store.open(load(data_dir=data_dir, database_url=database_url)) as store:
            return await action(store)

    return asyncio.run(run())


def moment(seconds: float | None, none: str = "never") -> str:
    """A time for a table, UTC to the minute."""
    return none if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}Z"
