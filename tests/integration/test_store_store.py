"""The store as a whole: its keeper, its start and its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from databases import in_loop
from vivavoce.errors import AuthenticationError, QuotaExceededError, StorageError
from vivavoce.records import KeyLimits, UsageRow
from vivavoce.settings import Settings
from vivavoce.store.store import Store
from vivavoce.store.usage import BATCH, new_id

pytestmark = pytest.mark.integration


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that the keeper will do; the test's own time limit is the bound."""
    while not condition():  # noqa: ASYNC110  # what it waits for has no event
        await asyncio.sleep(0.01)


def row(account: str | None, characters: int) -> UsageRow:
    now = time.time()
    return UsageRow(
        id=new_id(),
        account=account,
        dialect="native",
        voice="v",
        model="m",
        characters=characters,
        audio_s=1.0,
        started_at=now,
        ended_at=now,
    )


@in_loop
async def test_the_keeper_writes_usage_and_looks_for_changes(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path), store_refresh_s=0.05)
    async with await Store.open(settings) as server, await Store.open(settings) as elsewhere:
        issued = await elsewhere.keys.create("a")
        await until(lambda: server.keys.any_exist())
        made = await elsewhere.dictionaries.create("d", [])
        await until(lambda: server.dictionaries.all() == (made,))
        await elsewhere.keys.revoke(issued.key.id)
        await until(lambda: server.keys.all()[0].revoked_at is not None)
        server.usage.record(row("k", 5))
        await until(lambda: server.usage.waiting() == 0)
        await until(lambda: elsewhere.usage.characters_this_month("k", time.time()) == 5)


@in_loop
async def test_a_full_batch_is_written_before_its_second_is_over(tmp_path: Path) -> None:
    async with await Store.open(Settings(data_dir=str(tmp_path))) as store:
        await asyncio.sleep(0)
        for _ in range(BATCH):
            store.usage.record(row(None, 1))
        assert store.usage.wake.is_set()
        await until(lambda: store.usage.waiting() == 0)


@in_loop
async def test_the_limiter_reads_the_books(tmp_path: Path) -> None:
    async with await Store.open(Settings(data_dir=str(tmp_path))) as store:
        key = (await store.keys.create("a", limits=KeyLimits(characters_per_month=10))).key
        lease = store.limiter.admit(key, time.time())
        lease.spend(9, time.time())
        store.usage.record(row(key.account, 9))
        lease.release()
        assert store.limiter.characters(key.account, time.time()) == 9
        lease = store.limiter.admit(key, time.time())
        with pytest.raises(QuotaExceededError):
            lease.spend(2, time.time())
        lease.release()


@in_loop
async def test_a_database_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with await Store.open(Settings(data_dir=str(tmp_path), store_refresh_s=0.05)) as store:
        issued = await store.keys.create("a")
        good, failures = store.usage.load, []

        async def broken() -> None:
            failures.append(1)
            raise StorageError("gone")

        monkeypatch.setattr(store.usage, "load", broken)
        await until(lambda: len(failures) >= 2)
        assert store.keys.check(issued.secret, "speech", time.time()) == issued.key
        monkeypatch.setattr(store.usage, "load", good)
        await until(lambda: "the database is back" in caplog.messages)
    assert "cannot refresh: gone; trying again" in caplog.messages


@in_loop
async def test_a_full_queue_before_a_database_that_fails_is_no_busy_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await Store.open(Settings(data_dir=str(tmp_path))) as store:
        tries: list[int] = []

        async def broken(batch: object) -> None:
            tries.append(1)
            raise StorageError("gone")

        monkeypatch.setattr(store.usage, "_insert", broken)
        for _ in range(BATCH + 1):
            store.usage.record(row(None, 1))
        await until(lambda: len(tries) >= 1)
        for _ in range(20):
            store.usage.record(row(None, 1))
            await asyncio.sleep(0.01)
        assert len(tries) <= 2
        monkeypatch.undo()


@in_loop
async def test_closing_twice_and_after_a_failed_start(tmp_path: Path) -> None:
    store = await Store.open(Settings(data_dir=str(tmp_path)))
    await store.close()
    await store.close()
    (tmp_path / "vivavoce.db").write_bytes(b"broken" * 2000)
    with pytest.raises(StorageError):
        await Store.open(Settings(data_dir=str(tmp_path)))
    assert [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


@in_loop
async def test_many_writers_in_one_process_and_two(store_settings: Settings) -> None:
    async with await Store.open(store_settings) as one, await Store.open(store_settings) as other:
        made = await asyncio.gather(*(store.keys.create(f"{i}") for i in range(20) for store in (one, other)))
        await one.refresh()
        await other.refresh()
        for issued in made:
            for store in (one, other):
                assert store.keys.check(issued.secret, "speech", time.time()) == issued.key
        with pytest.raises(AuthenticationError):
            one.keys.check("vv_", "speech", time.time())
