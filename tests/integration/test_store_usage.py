"""Usage on real databases: batches, pages, sums, and what outlives kill -9."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from databases import HandClock, in_loop
from vivavoce.errors import OutOfRangeError, StorageError
from vivavoce.records import UsageRow
from vivavoce.settings import Settings
from vivavoce.store import usage
from vivavoce.store.store import Store

pytestmark = pytest.mark.integration

DAY = 86_400.0
MIDNIGHT = 1_789_948_800.0
"""2026-09-21, 00:00 UTC."""
EVER = (0.0, 4e9)


def row(ended_at: float, **fields: Any) -> UsageRow:
    given = {
        "id": usage.new_id(),
        "account": "key_1",
        "dialect": "native",
        "voice": "slt",
        "model": "flite",
        "characters": 10,
        "audio_s": 1.5,
        "started_at": ended_at - 2,
    }
    return UsageRow(ended_at=ended_at, **{**given, **fields})


async def opened(settings: Settings, now: float = MIDNIGHT) -> Store:
    return await Store.open(settings, HandClock(now))


def test_months_are_of_utc() -> None:
    assert usage.month_of(MIDNIGHT) == "2026-09"
    assert usage.month_of(MIDNIGHT - 20 * DAY) == "2026-09"
    assert usage.month_of(MIDNIGHT - 20 * DAY - 0.001) == "2026-08"


@in_loop
async def test_rows_come_back_as_they_were(store_settings: Settings) -> None:
    full = row(
        MIDNIGHT + 0.125, account=None, status="voice_quarantined", request_id="r", client_reference_id="é"
    )
    async with await opened(store_settings) as store:
        store.usage.record(full)
        assert store.usage.waiting() == 1
        await store.usage.flush()
        assert store.usage.waiting() == 0
        assert (await store.usage.page(*EVER)).rows == (full,)


@in_loop
async def test_closing_writes_what_waits(store_settings: Settings) -> None:
    rows = [row(MIDNIGHT + i) for i in range(2 * usage.BATCH + 1)]
    async with await opened(store_settings) as store:
        for one in rows:
            store.usage.record(one)
    async with await opened(store_settings) as store:
        (total,) = await store.usage.totals(*EVER)
        assert (total.requests, total.characters) == (len(rows), 10 * len(rows))
        assert total.audio_s == pytest.approx(1.5 * len(rows))


@in_loop
async def test_a_row_written_twice_counts_once(store_settings: Settings) -> None:
    one, other = row(MIDNIGHT), row(MIDNIGHT + 1)
    async with await opened(store_settings) as store:
        store.usage.record(one)
        await store.usage.flush()
        store.usage.record(one)
        store.usage.record(other)
        await store.usage.flush()
        assert (await store.usage.page(*EVER, newest_first=False)).rows == (one, other)
        assert store.usage.characters_this_month("key_1", MIDNIGHT) == 20
        await store.refresh()
        assert store.usage.characters_this_month("key_1", MIDNIGHT) == 20


@in_loop
async def test_what_callers_send_cannot_stop_a_batch(store_settings: Settings) -> None:
    bad = row(MIDNIGHT, voice="\0\ud800", client_reference_id="x" * 1000, request_id="\ud800" * 300)
    async with await opened(store_settings) as store:
        store.usage.record(bad)
        await store.usage.flush()
        (found,) = (await store.usage.page(*EVER)).rows
        assert (found.voice, found.client_reference_id) == ("\N{REPLACEMENT CHARACTER}?", "x" * 256)


@in_loop
async def test_a_full_queue_loses_rows_and_counts_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with await opened(Settings(data_dir=str(tmp_path), usage_queue=2)) as store:
        for _ in range(5):
            store.usage.record(row(MIDNIGHT))
        assert (store.usage.waiting(), store.usage.lost) == (2, 3)
        assert store.usage.characters_this_month("key_1", MIDNIGHT) == 20
    assert caplog.messages == [
        "the database is not taking usage rows; 1 lost",
        "the database is not taking usage rows; 2 lost",
    ]


@in_loop
async def test_a_failed_flush_keeps_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with await opened(Settings(data_dir=str(tmp_path))) as store:
        good = store.usage._insert

        async def broken(batch: object) -> None:
            raise StorageError("disk full")

        monkeypatch.setattr(store.usage, "_insert", broken)
        store.usage.record(row(MIDNIGHT))
        with pytest.raises(StorageError):
            await store.usage.flush()
        assert store.usage.waiting() == 1
        monkeypatch.setattr(store.usage, "_insert", good)
        await store.usage.flush()
        assert len((await store.usage.page(*EVER)).rows) == 1


@pytest.mark.parametrize("newest_first", [True, False])
@in_loop
async def test_pages_follow_one_another(store_settings: Settings, newest_first: bool) -> None:
    """Seven rows, three of them at the same moment, in pages of two; new ones meanwhile change nothing."""
    rows = [row(MIDNIGHT + at) for at in (0, 1, 1, 1, 2, 3, 4)]
    rows.sort(key=lambda one: (one.ended_at, one.id), reverse=newest_first)
    async with await opened(store_settings) as store:
        for one in rows:
            store.usage.record(one)
        await store.usage.flush()
        found: list[UsageRow] = []
        cursor: str | None = None
        sizes: list[int] = []
        while cursor is not None or not sizes:
            page = await store.usage.page(*EVER, limit=2, newest_first=newest_first, cursor=cursor)
            found.extend(page.rows)
            sizes.append(len(page.rows))
            cursor = page.next_cursor
            store.usage.record(row(MIDNIGHT + 100 if newest_first else MIDNIGHT - 100))
            await store.usage.flush()
        assert found == rows
        assert sizes == [2, 2, 2, 1]


@in_loop
async def test_pages_of_one_account_and_time(store_settings: Settings) -> None:
    rows = [row(MIDNIGHT + at, account=account) for at, account in ((0, "a"), (1, "b"), (2, "a"), (3, "a"))]
    async with await opened(store_settings) as store:
        for one in rows:
            store.usage.record(one)
        await store.usage.flush()
        page = await store.usage.page(MIDNIGHT, MIDNIGHT + 3, account="a")
        assert page.rows == (rows[2], rows[0])
        assert page.next_cursor is None


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "MTIz", "AAAA", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OmE", "\ud800"]
)
@in_loop
async def test_cursors_not_ours(cursor: str, tmp_path: Path) -> None:
    async with await opened(Settings(data_dir=str(tmp_path))) as store:
        with pytest.raises(OutOfRangeError) as caught:
            await store.usage.page(*EVER, cursor=cursor)
        assert caught.value.param == "cursor"


@pytest.mark.parametrize("limit", [0, 1001])
@in_loop
async def test_page_limits(limit: int, tmp_path: Path) -> None:
    async with await opened(Settings(data_dir=str(tmp_path))) as store:
        with pytest.raises(OutOfRangeError, match="limit: expected 1 to 1000"):
            await store.usage.page(*EVER, limit=limit)


@in_loop
async def test_sums(store_settings: Settings) -> None:
    async with await opened(store_settings) as store:
        for one in (
            row(MIDNIGHT - 0.001, voice="a", characters=1),
            row(MIDNIGHT, voice="a", characters=2),
            row(MIDNIGHT + 3600, voice="b", characters=4),
            row(MIDNIGHT + 7199, voice="a", characters=8, account=None),
            row(MIDNIGHT + DAY, voice="a", characters=16),
        ):
            store.usage.record(one)
        await store.usage.flush()

        days = await store.usage.totals(*EVER, bucket="day")
        assert [(day.starting_at, day.ending_at - day.starting_at, day.characters) for day in days] == [
            (MIDNIGHT - DAY, DAY, 1),
            (MIDNIGHT, DAY, 14),
            (MIDNIGHT + DAY, DAY, 16),
        ]
        hours = await store.usage.totals(MIDNIGHT, MIDNIGHT + DAY, bucket="hour", by=("voice", "account"))
        assert [(t.starting_at - MIDNIGHT, t.voice, t.account, t.requests, t.characters) for t in hours] in (
            [(0, "a", "key_1", 1, 2), (3600, "a", None, 1, 8), (3600, "b", "key_1", 1, 4)],
        )
        (mine,) = await store.usage.totals(MIDNIGHT, MIDNIGHT + DAY, by=("model",), account="key_1")
        assert (mine.model, mine.voice, mine.requests, mine.characters, mine.audio_s) == (
            "flite",
            None,
            2,
            6,
            3.0,
        )
        assert (mine.starting_at, mine.ending_at) == (MIDNIGHT, MIDNIGHT + DAY)
        assert await store.usage.totals(0, 1) == []


@in_loop
async def test_characters_of_the_month(store_settings: Settings) -> None:
    start = MIDNIGHT - 20 * DAY
    async with await opened(store_settings) as store:
        store.usage.record(row(start - 1, characters=1000))
        store.usage.record(row(start, characters=1))
        await store.usage.flush()
        store.usage.record(row(MIDNIGHT, characters=2))
        store.usage.record(row(MIDNIGHT, characters=4, account="other"))
        assert store.usage.characters_this_month("key_1", MIDNIGHT) == 3
        await store.usage.flush()
        assert store.usage.characters_this_month("key_1", MIDNIGHT) == 3
        assert store.usage.characters_this_month("nobody", MIDNIGHT) == 0
        async with await opened(store_settings) as elsewhere:
            elsewhere.usage.record(row(MIDNIGHT, characters=8))
            await elsewhere.usage.flush()
            assert elsewhere.usage.characters_this_month("key_1", MIDNIGHT) == 11
        await store.refresh()
        assert store.usage.characters_this_month("key_1", MIDNIGHT) == 11
        assert store.usage.characters_this_month("key_1", MIDNIGHT + 10 * DAY) == 0


@in_loop
async def test_old_rows_are_deleted(store_settings: Settings) -> None:
    async with await opened(store_settings) as store:
        for days in (401, 399):
            store.usage.record(row(MIDNIGHT - days * DAY))
        await store.usage.flush()
        await store.tidy()
        (kept,) = (await store.usage.page(*EVER)).rows
        assert kept.ended_at == MIDNIGHT - 399 * DAY


WRITER = """
import asyncio, sys, time
from vivavoce.settings import Settings
from vivavoce.store.store import Store
from vivavoce.records import UsageRow

async def main():
    store = await Store.open(Settings(data_dir=sys.argv[1], database_url=sys.argv[2]))
    for number in range(100_000):
        now = time.time()
        store.usage.record(UsageRow(id=f"{number:08}", account=None, dialect="d", voice="v", model="m", characters=1,
                                    audio_s=1.0, started_at=now, ended_at=now))
        print(number, now, flush=True)
        await asyncio.sleep(0.02)

asyncio.run(main())
"""


def test_kill_9_loses_no_more_than_the_last_second(store_settings: Settings) -> None:
    """The bound leaves a second beyond the promise for the commit on a busy machine."""
    arguments = [sys.executable, "-c", WRITER, store_settings.data_dir, store_settings.database_url]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        first = time.monotonic() if process.stdout.readline() else 0.0
        time.sleep(max(0.0, first + 3.3 - time.monotonic()))
    finally:
        process.kill()
        printed = process.stdout.read().splitlines()
        process.stdout.close()
        process.wait()
    recorded = [(int(line.split()[0]), float(line.split()[1])) for line in printed if line.count(" ") == 1]
    last_at = recorded[-1][1]
    due = {f"{number:08}" for number, at in recorded if at < last_at - 2.0}
    assert len(due) > 10

    @in_loop
    async def stored() -> None:
        async with await Store.open(store_settings) as store:
            found = {one.id for one in (await store.usage.page(*EVER, limit=1000)).rows}
            assert due <= found

    stored()
