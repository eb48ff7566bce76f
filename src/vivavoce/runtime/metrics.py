"""Figures for Prometheus, in a registry of their own.

A stream's figures are bound to its labels once, by :meth:`Metrics.stream`: looking labels up costs four times as
much as counting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS: Final = (0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0)

_GAUGES: Final = {
    "streams": "Live streams.",
    "running": "Streams whose step is being made now.",
    "workers": "Worker processes that are ready.",
    "load": "Share of the cores that live streams need.",
}


@dataclass(frozen=True, slots=True)
class StreamMetrics:
    """What one stream reports; times in seconds."""

    first_audio: Callable[[float], None]
    """From the first text that could be spoken to the first chunk."""
    queue_wait: Callable[[float], None]
    """From that text to the first turn of the stream."""
    step: Callable[[float], None]
    """A step was made, of so much audio."""


class Metrics:
    """All figures of one runtime."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._first_audio = Histogram(
            "vivavoce_first_audio_seconds",
            "From the first text that could be spoken to the first chunk of audio.",
            ["engine"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._queue_wait = Histogram(
            "vivavoce_queue_wait_seconds",
            "From the first text that could be spoken to the stream's first turn.",
            ["engine"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._steps = Counter("vivavoce_steps", "Steps of work.", ["engine"], registry=self.registry)
        self._audio = Counter("vivavoce_audio_seconds", "Audio made.", ["engine"], registry=self.registry)
        self._refusals = Counter(
            "vivavoce_refusals", "Streams that were not taken in.", ["code"], registry=self.registry
        )
        self.worker_died = Counter(
            "vivavoce_worker_deaths", "Worker processes that ended unasked.", registry=self.registry
        ).inc
        self.after_disconnect = Counter(
            "vivavoce_work_after_disconnect_seconds",
            "Audio made for listeners who had left.",
            registry=self.registry,
        ).inc

    def stream(self, engine: str) -> StreamMetrics:
        """The figures of one stream that speaks with a voice of ``engine``."""
        return StreamMetrics(
            self._first_audio.labels(engine).observe,
            self._queue_wait.labels(engine).observe,
            partial(_count_step, self._steps.labels(engine).inc, self._audio.labels(engine).inc),
        )

    def refused(self, code: str) -> None:
        """A stream was refused for the error ``code``."""
        self._refusals.labels(code).inc()

    def watch(self, status: Callable[[], Mapping[str, float]]) -> None:
        """Read the gauges off ``status`` whenever somebody looks. Call once."""
        for name, help_ in _GAUGES.items():
            gauge = Gauge(f"vivavoce_{name}", help_, registry=self.registry)
            gauge.set_function(partial(_figure, status, name))

    def render(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)


def _count_step(count: Callable[[], None], add: Callable[[float], None], made_s: float) -> None:
    count()
    add(made_s)


def _figure(status: Callable[[], Mapping[str, float]], name: str) -> float:
    return status()[name]
