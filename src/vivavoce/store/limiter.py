"""Limits of keys as plain arithmetic: who may start a stream now.

Theory: limits belong to an account (a key together with its temporary keys). Streams are counted while their lease
lives; requests over the last 60 s; characters as those already in the books (``spent``) plus those of streams still
running. Time comes in as ``now``, Unix seconds. A clock set back forgets requests rather than blocking their key.
One process counts for itself: several servers on one database allow each its own share of streams and requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from vivavoce.errors import ConcurrencyLimitError, QuotaExceededError, RateLimitedError
from vivavoce.records import Key, KeyLimits

WINDOW_S: Final = 60.0
STREAM_RETRY_S: Final = 1.0
"""When a refused stream may try again: any moment one of the others may end."""

Spent: TypeAlias = Callable[[str, float], int]
"""Characters that an account has in the books for the month of ``now``."""


class Lease:
    """The right to run one stream. Release it exactly when the stream is over, after its usage was recorded."""

    def __init__(self, limiter: Limiter, account: str, limits: KeyLimits) -> None:
        self._limiter = limiter
        self._account = account
        self._limits = limits
        self._characters = 0
        self._live = True

    def spend(self, characters: int, now: float) -> None:
        """Count text before it is spoken. Raises QuotaExceededError, and counts nothing, if it is too much."""
        self._limiter._reserve(self._account, self._limits, characters, now)
        self._characters += characters

    def release(self) -> None:
        """Give the place back; safe to call more than once."""
        if self._live:
            self._live = False
            self._limiter._return(self._account, self._characters)


class Limiter:
    """Counts what accounts are doing. For one thread, the event loop's."""

    def __init__(self, spent: Spent) -> None:
        self._spent = spent
        self._streams: dict[str, int] = {}
        self._requests: dict[str, deque[float]] = {}
        self._running: dict[str, int] = {}

    def streams(self, account: str) -> int:
        """Streams that the account has running now."""
        return self._streams.get(account, 0)

    def characters(self, account: str, now: float) -> int:
        """Characters of this month, those of running streams included."""
        return self._spent(account, now) + self._running.get(account, 0)

    def admit(self, key: Key, now: float) -> Lease:
        """A lease for one more stream of ``key``. A refusal counts nothing.

        Raises ConcurrencyLimitError or RateLimitedError (both with ``retry_after_s``), or QuotaExceededError.
        """
        account, limits = key.account, key.limits
        self._check_streams(account, limits)
        self._reserve(account, limits, 0, now)
        self._count_request(account, limits, now)
        self._streams[account] = self.streams(account) + 1
        return Lease(self, account, limits)

    def _check_streams(self, account: str, limits: KeyLimits) -> None:
        allowed = limits.concurrent_streams
        if allowed is not None and self.streams(account) >= allowed:
            raise ConcurrencyLimitError(
                f"this key may run {allowed} streams at once; wait until one ends",
                retry_after_s=STREAM_RETRY_S,
            )

    def _count_request(self, account: str, limits: KeyLimits, now: float) -> None:
        allowed = limits.requests_per_minute
        if allowed is None:
            return
        seen = self._requests.setdefault(account, deque())
        while seen and not now - WINDOW_S < seen[0] <= now:
            seen.popleft()
        if len(seen) >= allowed:
            wait = seen[len(seen) - allowed] + WINDOW_S - now if allowed else WINDOW_S
            raise RateLimitedError(
                f"this key may make {allowed} requests a minute; wait {wait:.1f} s", retry_after_s=wait
            )
        seen.append(now)

    def _reserve(self, account: str, limits: KeyLimits, characters: int, now: float) -> None:
        allowed = limits.characters_per_month
        if allowed is not None:
            used = self.characters(account, now)
            if used + characters > allowed or (characters == 0 and used >= allowed):
                raise QuotaExceededError(
                    f"this key may speak {allowed} characters a month and has spoken {used}"
                )
        if characters:
            self._running[account] = self._running.get(account, 0) + characters

    def _return(self, account: str, characters: int) -> None:
        for counts, amount in ((self._streams, 1), (self._running, characters)):
            left = counts.get(account, 0) - amount
            if left > 0:
                counts[account] = left
            else:
                counts.pop(account, None)
