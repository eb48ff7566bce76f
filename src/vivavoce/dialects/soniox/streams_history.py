"""How many streams ran at once, minute by minute, from when each began and ended.

A minute's count is its peak; an hour's are the peaks of its minutes, a day's those of its hours. Source: Soniox
Python package 2.10.0, ``ConcurrentStreamsHistoryEntry``, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

MINUTE_S: Final = 60
_SLOT_S: Final = {60: 60, 3600: 60, 86_400: 3600}
"""How long the slots are that a period of so many seconds is made of."""


class Period(Struct, frozen=True):
    """The counts of one period. ``start_at`` is Unix seconds, a multiple of the period."""

    start_at: int
    peaks: tuple[int, ...]
    """Of those slots in which something ran."""
    slots: int

    def counts(self) -> dict[str, int]:
        """The members of the wire's entry; the least is always 0 there."""
        return {
            "sample_min": 0,
            "sample_max": max(self.peaks, default=0),
            "sample_sum": sum(self.peaks),
            "sample_count": len(self.peaks),
            "total_count": self.slots if self.peaks else 0,
        }


class Peaks:
    """Streams in ``[start_at, stop_at)``, Unix seconds."""

    def __init__(self, start_at: float, stop_at: float) -> None:
        self._start_at = start_at
        self._stop_at = stop_at
        self._steps: list[tuple[float, int]] = []

    def add(self, began_at: float, ended_at: float) -> None:
        """A stream."""
        began_at, ended_at = max(began_at, self._start_at), min(ended_at, self._stop_at)
        if began_at <= ended_at:
            # At one instant an end comes before a beginning: the slot was free.
            self._steps += [(began_at, 1), (max(ended_at, began_at), -1)]

    def entries(self, period_s: int) -> Iterator[Period]:
        """Every period that begins in the window, in order."""
        slot_s = _SLOT_S[period_s]
        slots: dict[int, int] = {}
        for minute, peak in self._minutes().items():
            slot = minute * MINUTE_S // slot_s
            slots[slot] = max(slots.get(slot, 0), peak)
        first = -int(-self._start_at // period_s)
        count = period_s // slot_s
        for number in range(first, -int(-self._stop_at // period_s)):
            within = range(number * count, (number + 1) * count)
            peaks = tuple(slots[slot] for slot in within if slot in slots)
            yield Period(number * period_s, peaks, count)

    def _minutes(self) -> dict[int, int]:
        """The peak of every minute in which something ran."""
        found: dict[int, int] = {}
        running, since = 0, 0.0
        for at, step in sorted(self._steps):
            if running:
                _raise(found, since, at, running)
            running, since = running + step, at
            if running:
                _raise(found, at, at, running)
        return found


def _raise(found: dict[int, int], start_at: float, stop_at: float, count: int) -> None:
    first = int(start_at // MINUTE_S)
    for minute in range(first, max(first + 1, -int(-stop_at // MINUTE_S))):
        found[minute] = max(found.get(minute, 0), count)
