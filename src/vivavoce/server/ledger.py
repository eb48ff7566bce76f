"""The books of one stream: its place among its key's streams, the characters it takes, the row that is left of it."""

from __future__ import annotations

import time

from vivavoce.records import Key, UsageRow
from vivavoce.speech import Open
from vivavoce.store.limiter import Lease
from vivavoce.store.store import Store
from vivavoce.store.usage import new_id


class Ledger:
    """Opened before a stream is, closed after it.

    Raises ConcurrencyLimitError, RateLimitedError or QuotaExceededError when the key allows no more.
    """

    def __init__(self, store: Store, key: Key | None, dialect: str, request: Open, request_id: str) -> None:
        self._lease: Lease | None = store.limiter.admit(key, time.time()) if key is not None else None
        self._store = store
        self._key = key
        self._dialect = dialect
        self._request = request
        self._request_id = request_id
        self._started_at = time.time()
        self._characters = 0

    def spend(self, characters: int) -> None:
        """So much text is about to be spoken. Raises QuotaExceededError, and counts nothing, when it is too much."""
        if self._lease is not None:
            self._lease.spend(characters, time.time())
        self._characters += characters

    def close(self, status: str, audio_s: float) -> None:
        """The stream is over: ``status`` is "ok", "cancelled" or an error's code. Call once."""
        key = self._key
        row = UsageRow(
            id=new_id(),
            account=key.account if key else None,
            dialect=self._dialect,
            voice=self._request.voice,
            model=self._request.model,
            characters=self._characters,
            audio_s=audio_s,
            started_at=self._started_at,
            ended_at=time.time(),
            status=status,
            request_id=self._request_id,
            client_reference_id=(key.client_reference_id if key else None)
            or self._request.client_reference_id,
        )
        # In this order: usage first, so that no moment sees fewer characters than were spoken.
        self._store.usage.record(row)
        if self._lease is not None:
            self._lease.release()
