"""Summaries of samples, and the sample that is taken most: the time to the first audio."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from vivavoce.speech import Chunk


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


def first_chunk_s(speak: Callable[[Callable[[Chunk], bool]], object]) -> float:
    """Seconds until ``speak`` gives its first chunk; it is told that no more is wanted."""
    began = time.perf_counter()
    heard: list[float] = []

    def emit(_: Chunk) -> bool:
        heard.append(time.perf_counter() - began)
        return False

    speak(emit)
    return heard[0]
