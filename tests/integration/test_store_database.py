"""The database: migrations, addresses, and failures that are ours to explain."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from databases import in_loop
from vivavoce.errors import OutOfRangeError, StorageError, VivavoceError
from vivavoce.settings import Settings
from vivavoce.store import database, migrate, models
from vivavoce.store.store import Store

pytestmark = pytest.mark.integration


def scripts(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    config.attributes["connection"] = connection
    return config


def test_newest_migration_is_the_one_that_models_name() -> None:
    assert ScriptDirectory.from_config(scripts()).get_heads() == [models.HEAD]


@in_loop
async def test_migrations_make_the_tables_of_models_and_unmake_them(store_settings: Settings) -> None:
    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), models.metadata))

    def unmake(connection: Connection) -> list[str]:
        command.downgrade(scripts(connection), "base")
        return inspect(connection).get_table_names()

    async with await Store.open(store_settings):
        engine = database.connect(database.address(store_settings))
    async with engine.begin() as connection:
        assert await connection.run_sync(differences) == []
        assert await connection.run_sync(unmake) == ["alembic_version"]
    await engine.dispose()


def test_many_may_migrate_at_once(store_settings: Settings) -> None:
    url = database.address(store_settings)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(migrate.upgrade, [url] * 4)) == [None] * 4


@in_loop
async def test_a_newer_database_is_left_alone(store_settings: Settings) -> None:
    async with await Store.open(store_settings):
        pass
    engine = database.connect(database.address(store_settings))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(StorageError, match="newer Vivavoce"):
        await Store.open(store_settings)


@in_loop
async def test_sqlite_lies_in_the_data_directory(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    async with await Store.open(Settings(data_dir=str(folder))):
        assert (folder / "vivavoce.db").exists()
        assert (folder / "vivavoce.db-wal").exists()
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://u:hunter2@host/name", "postgresql://u:hunter2@host", "sqlite://", "://"]
)
def test_an_address_of_another_kind(url: str, tmp_path: Path) -> None:
    with pytest.raises(OutOfRangeError, match="VIVAVOCE_DATABASE_URL: expected postgresql://") as caught:
        database.address(Settings(data_dir=str(tmp_path), database_url=url))
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgresql://u@h/n", "postgresql+asyncpg"),
        ("postgresql+psycopg2://u@h/n", "postgresql+asyncpg"),
        ("sqlite:////tmp/x.db", "sqlite+aiosqlite"),
    ],
)
def test_we_choose_the_driver(given: str, driver: str) -> None:
    assert database.address(Settings(database_url=given)).drivername == driver


async def failure(settings: Settings) -> VivavoceError:
    with pytest.raises(StorageError) as caught:
        await Store.open(settings)
    return caught.value


@in_loop
async def test_no_server_there() -> None:
    url = "postgresql://u:hunter2@127.0.0.1:1/name"
    error = await failure(Settings(database_url=url))
    assert "hunter2" not in str(error)
    assert "Connect" in str(error), "the operator is told why"
    assert error.message == "the database failed", "callers are told nothing of addresses"


@in_loop
async def test_no_such_database(postgres: str, tmp_path: Path) -> None:
    url = postgres.replace("/postgres?", "/nowhere?")
    assert "nowhere" in str(await failure(Settings(data_dir=str(tmp_path), database_url=url)))


@in_loop
async def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "data directory" in (await failure(Settings(data_dir=str(tmp_path / "file")))).message


@in_loop
async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "vivavoce.db").write_bytes(b"not a database" * 1000)
    assert "not a database" in str(await failure(Settings(data_dir=str(tmp_path))))


def test_importing_the_store_loads_no_database() -> None:
    script = "import sys, vivavoce.store.store; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_migrated_database_is_opened_without_alembic(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from vivavoce.settings import Settings\n"
        "from vivavoce.store.store import Store\n"
        "async def main():\n"
        "    async with await Store.open(Settings(data_dir=sys.argv[1])): pass\n"
        "asyncio.run(main())\n"
        "print('alembic' in sys.modules)\n"
    )
    run = [sys.executable, "-W", "error", "-c", script, str(tmp_path)]
    answers = [subprocess.run(run, check=True, capture_output=True, text=True).stdout for _ in range(2)]
    assert answers == ["True\n", "False\n"]
