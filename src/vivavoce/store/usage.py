"""Usage: recorded without waiting, written in batches, summed up on demand.

:meth:`Usage.record` appends to a bounded queue; the store's keeper writes it about once a second, so that a killed
process loses no more than its last second. A row that is written twice, because the answer to the first time was lost,
counts once. Characters of the month are kept in memory: those in the database plus those still in the queue.
Ranges are over the time at which a request ended, half open, and buckets are hours and days of UTC.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final, Literal

from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Row, and_, delete, func, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from vivavoce.errors import OutOfRangeError
from vivavoce.records import UsageField, UsagePage, UsageRow, UsageTotal
from vivavoce.store import checks, models
from vivavoce.store.database import Database

FLUSH_S: Final = 1.0
"""How long a row waits at most, while the database answers."""
BATCH: Final = 100
"""Rows written at once. The loop stands still for some 20 µs a row; larger batches would be heard."""
MAX_PAGE: Final = 1000
BUCKET_S: Final = {"hour": 3600, "day": 86_400}

_TEXTS: Final = {
    "dialect": 32,
    "voice": 200,
    "model": 200,
    "status": 64,
    "request_id": 256,
    "client_reference_id": 256,
}

log = logging.getLogger(__name__)


def new_id() -> str:
    """An id for a usage row: a random UUID's worth of hex."""
    return secrets.token_hex(16)


def month_of(now: float) -> str:
    """The calendar month of ``now`` in UTC, like "2026-09"."""
    return _month_of_day(int(now // 86_400))


@lru_cache(maxsize=8)
def _month_of_day(day: int) -> str:
    return f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m}"


class Usage:
    """The books. For the event loop's thread."""

    def __init__(self, database: Database, clock: Callable[[], float], queue_rows: int) -> None:
        self._database = database
        self._clock = clock
        self._queue: deque[UsageRow] = deque()
        self._queue_rows = queue_rows
        self._writing = asyncio.Lock()
        self._month = month_of(clock())
        self._written: Counter[str] = Counter()
        """Characters of :attr:`_month` in the database, by account."""
        self._waiting: Counter[str] = Counter()
        """Characters in the queue, by account."""
        self.lost = 0
        """Rows that could not be kept because the database was away for too long."""
        self.wake = asyncio.Event()
        """Set when a whole batch waits, so that the keeper need not sleep on."""

    def record(self, row: UsageRow) -> None:
        """Put a row into the books; never waits and never fails. A full queue loses the row and counts it."""
        if len(self._queue) >= self._queue_rows:
            self.lost += 1
            if self.lost & (self.lost - 1) == 0:
                log.error("the database is not taking usage rows; %d lost", self.lost)
            return
        self._queue.append(row)
        self._waiting[row.account or ""] += row.characters
        if len(self._queue) == BATCH:
            self.wake.set()

    def waiting(self) -> int:
        """Rows not yet in the database."""
        return len(self._queue)

    def characters_this_month(self, account: str | None, now: float) -> int:
        """Characters that the account has spoken in the month of ``now``; those of other servers come in within
        ``store_refresh_s``."""
        written = self._written[account or ""] if month_of(now) == self._month else 0
        return written + self._waiting[account or ""]

    async def flush(self) -> None:
        """Write all that waits. Raises StorageError, and then keeps what is not written."""
        async with self._writing:
            while self._queue:
                batch = list(islice(self._queue, BATCH))
                written = await self._insert(batch)
                for row in batch:
                    self._queue.popleft()
                    self._waiting[row.account or ""] -= row.characters
                self._waiting = +self._waiting
                for (month, account), characters in written.items():
                    if month == self._month:
                        self._written[account] += characters

    async def _insert(self, batch: Sequence[UsageRow]) -> Counter[tuple[str, str]]:
        """Write rows; the characters that are new in the database by that, by month and account."""
        into = postgresql.insert if self._database.postgres else sqlite.insert
        rows = into(models.usage).on_conflict_do_nothing().returning(models.usage.c.id)
        spent = into(models.spent)
        spent = spent.on_conflict_do_update(
            index_elements=("month", "account"),
            set_={"characters": models.spent.c.characters + spent.excluded.characters},
        )
        async with self._database.writing() as connection:
            new = {one.id for one in await connection.execute(rows, [_columns(row) for row in batch])}
            written: Counter[tuple[str, str]] = Counter()
            for row in batch:
                if row.id in new:
                    written[month_of(row.ended_at), row.account or ""] += row.characters
            # In one order everywhere, so that two servers never wait for each other's rows in a circle.
            sums = [{"month": m, "account": a, "characters": n} for (m, a), n in sorted(written.items())]
            if sums:
                await connection.execute(spent, sums)
        return written

    async def load(self) -> None:
        """Read this month's characters anew, other processes' included."""
        async with self._writing:
            month = month_of(self._clock())
            rows = await self._database.everything(models.spent, models.spent.c.month == month)
            self._month = month
            self._written = Counter({row.account: row.characters for row in rows})

    async def page(
        self,
        start_at: float,
        stop_at: float,
        *,
        account: str | None = None,
        limit: int = 100,
        newest_first: bool = True,
        cursor: str | None = None,
    ) -> UsagePage:
        """Rows one by one, in the order in which their requests ended, at most ``limit`` (1 to 1000).

        A cursor belongs to one order; rows written meanwhile neither repeat nor hide others. Raises OutOfRangeError.
        """
        checks.within(limit, "limit", 1, MAX_PAGE)
        key = (models.usage.c.ended_ms, models.usage.c.id)
        query = select(models.usage).where(*_range(start_at, stop_at, account)).limit(limit + 1)
        if cursor is not None:
            query = query.where(_beyond(*_read_cursor(cursor), newest_first))
        query = query.order_by(*(column.desc() if newest_first else column.asc() for column in key))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        more = len(rows) > limit
        return UsagePage(
            tuple(_row(row) for row in rows[:limit]), _write_cursor(rows[limit - 1]) if more else None
        )

    async def totals(
        self,
        start_at: float,
        stop_at: float,
        *,
        bucket: Literal["hour", "day"] | None = None,
        by: Sequence[UsageField] = (),
        account: str | None = None,
    ) -> list[UsageTotal]:
        """Sums by hour or day and by any of the fields, in order of time; buckets without requests are left out."""
        width_ms = BUCKET_S[bucket] * 1000 if bucket else None
        ended = models.usage.c.ended_ms
        starting: ColumnElement[int] = ended - ended % width_ms if width_ms else literal(_ms(start_at))
        groups = [models.usage.c[name] for name in by]
        query = (
            select(
                starting.label("starting_ms"),
                *groups,
                func.count().label("requests"),
                func.sum(models.usage.c.characters).label("characters"),
                func.sum(models.usage.c.audio_s).label("audio_s"),
            )
            .where(*_range(start_at, stop_at, account))
            .group_by("starting_ms", *groups)
            .order_by("starting_ms", *groups)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [_total(row, stop_at, width_ms, by) for row in rows]

    async def purge(self, before: float) -> None:
        """Delete rows of requests that ended before that time."""
        async with self._database.writing() as connection:
            await connection.execute(delete(models.usage).where(models.usage.c.ended_ms < _ms(before)))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _columns(row: UsageRow) -> dict[str, Any]:
    fields = asdict(row)
    for name, limit in _TEXTS.items():
        fields[name] = checks.storable(fields[name], limit)
    fields["started_ms"] = _ms(fields.pop("started_at"))
    fields["ended_ms"] = _ms(fields.pop("ended_at"))
    return fields


def _row(row: Row[Any]) -> UsageRow:
    fields = dict(row._mapping)
    return UsageRow(
        started_at=fields.pop("started_ms") / 1000, ended_at=fields.pop("ended_ms") / 1000, **fields
    )


def _range(start_at: float, stop_at: float, account: str | None) -> list[ColumnElement[bool]]:
    ended = models.usage.c.ended_ms
    found = [ended >= _ms(start_at), ended < _ms(stop_at)]
    return found if account is None else [*found, models.usage.c.account == account]


def _total(row: Row[Any], stop_at: float, width_ms: int | None, by: Sequence[UsageField]) -> UsageTotal:
    start_s = row.starting_ms / 1000
    return UsageTotal(
        starting_at=start_s,
        ending_at=start_s + width_ms / 1000 if width_ms else stop_at,
        requests=row.requests,
        characters=int(row.characters),
        audio_s=float(row.audio_s),
        **{name: getattr(row, name) for name in by},
    )


def _write_cursor(row: Row[Any]) -> str:
    return base64.urlsafe_b64encode(f"{row.ended_ms}:{row.id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[int, str]:
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"==").decode("ascii")
        ended_ms, row_id = text.split(":", 1)
        number = int(ended_ms)
    except ValueError:
        raise OutOfRangeError("cursor: expected one that this server gave", param="cursor") from None
    if abs(number) >= 1 << 62 or "\0" in row_id:
        raise OutOfRangeError("cursor: expected one that this server gave", param="cursor")
    return number, row_id


def _beyond(ended_ms: int, row_id: str, newest_first: bool) -> ColumnElement[bool]:
    ended, key = models.usage.c.ended_ms, models.usage.c.id
    if newest_first:
        return or_(ended < ended_ms, and_(ended == ended_ms, key < row_id))
    return or_(ended > ended_ms, and_(ended == ended_ms, key > row_id))
