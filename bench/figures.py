"""Summaries of samples."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from msgspec import Struct


class Figures(Struct, frozen=True):
    """Quantiles of one quantity."""

    p50: float
    p95: float
    iqr: float
    low: float
    high: float
    count: int


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lie, by linear interpolation."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def figures(values: Sequence[float]) -> Figures:
    """Summary of at least one value."""
    return Figures(
        p50=statistics.median(values),
        p95=quantile(values, 0.95),
        iqr=quantile(values, 0.75) - quantile(values, 0.25),
        low=min(values),
        high=max(values),
        count=len(values),
    )
