"""Figures for Prometheus, in a registry of their own; docs/reference/metrics.md lists them.

A stream's figures are bound to its labels once, by :meth:`Metrics.stream`: looking labels up costs four times as
much as counting. Nothing is counted for each chunk; what a stream did is added up by its seat and told at its end, or
a step at a time where somebody may want to watch it grow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

MAX_VOICES: Final = 50
"""Voices with a label of their own, the first that speak; the others share ``other``. A label without bound would
make a time series for each of thousands of ids."""
OTHER: Final = "other"
NO_WIRE: Final = "local"
"""The dialect of streams that came over no wire."""

_SECONDS: Final = (0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0)
_FACTORS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 5.0)
_LEADS: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0)

_GAUGES: Final = {
    "streams": "Live streams.",
    "running": "Streams whose step is being made now.",
    "waiting": "Streams that wait to be admitted.",
    "workers": "Worker processes that are ready.",
    "spares": "Worker processes that wait, started, for another to end.",
    "load": "Share of the cores that live streams need.",
    "lead_seconds": "Audio that listeners are ahead of their playback, on average of those who have any.",
}


@dataclass(frozen=True, slots=True)
class StreamMetrics:
    """What one stream reports; times in seconds."""

    first_audio: Callable[[float], None]
    """From the first text that could be spoken to the first chunk."""
    queue_wait: Callable[[float], None]
    """From that text to the first turn of the stream."""
    step: Callable[[float, float], None]
    """A step was made: seconds of audio, and of work."""
    underrun: Callable[[], None]
    """The listener ran dry although there was something to say."""
    after_disconnect: Callable[[float], None]
    """So much audio was made for it after it had left."""
    over: Callable[[float, float, float | None], None]
    """The stream is over: its seconds of audio and of work, and its least lead if it has one."""


class Metrics:
    """All figures of one runtime."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._voices: set[str] = set()
        wire, spoken = ["dialect", "engine"], ["dialect", "engine", "voice"]
        self._first_audio = self._histogram(
            "first_audio_seconds",
            "From the first text that could be spoken to the first chunk of audio.",
            wire,
            _SECONDS,
        )
        self._queue_wait = self._histogram(
            "queue_wait_seconds",
            "From the first text that could be spoken to the first turn.",
            wire,
            _SECONDS,
        )
        self._least_lead = self._histogram(
            "least_lead_seconds",
            "The least that a stream was ahead of its listener when more audio came; 0 is an under-run.",
            wire,
            _LEADS,
        )
        self._factor = self._histogram(
            "real_time_factor", "Work of a stream per second of its audio.", ["engine", "voice"], _FACTORS
        )
        self._streams = self._counter("streams_ended", "Streams that are over.", spoken)
        self._audio = self._counter("audio_seconds", "Audio made.", spoken)
        self._cpu = self._counter("cpu_seconds", "Work of the engines.", spoken)
        self._underruns = self._counter(
            "underruns", "Times that a listener ran dry although there was something to say.", spoken
        )
        self._steps = self._counter("steps", "Steps of work.", wire)
        self._wasted = self._counter(
            "work_after_disconnect_seconds", "Audio made for listeners who had left.", wire
        )
        self._refusals = self._counter("refusals", "Streams that were not taken in.", [*wire, "code"])
        self.worker_died = self._counter("worker_deaths", "Worker processes that ended unasked.", []).inc

    def stream(self, engine: str, voice: str, dialect: str = "") -> StreamMetrics:
        """The figures of one stream that speaks with ``voice`` of ``engine``; ``dialect`` is the wire it came over."""
        wire = (dialect or NO_WIRE, engine)
        shown = self._shown(voice)
        spoken = (*wire, shown)
        count_step = partial(
            _count_step,
            self._steps.labels(*wire).inc,
            self._audio.labels(*spoken).inc,
            self._cpu.labels(*spoken).inc,
        )
        count_stream = partial(
            _count_stream,
            self._streams.labels(*spoken).inc,
            self._factor.labels(engine, shown).observe,
            self._least_lead.labels(*wire).observe,
        )
        return StreamMetrics(
            self._first_audio.labels(*wire).observe,
            self._queue_wait.labels(*wire).observe,
            count_step,
            self._underruns.labels(*spoken).inc,
            self._wasted.labels(*wire).inc,
            count_stream,
        )

    def refused(self, code: str, engine: str, dialect: str = "") -> None:
        """A stream was refused for the error ``code``."""
        self._refusals.labels(dialect or NO_WIRE, engine, code).inc()

    def watch(self, status: Callable[[], Mapping[str, float]]) -> None:
        """Read the gauges off ``status`` whenever somebody looks. Call once."""
        for name, help_ in _GAUGES.items():
            gauge = Gauge(f"vivavoce_{name}", help_, registry=self.registry)
            gauge.set_function(partial(_figure, status, name))

    def render(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)

    def _shown(self, voice: str) -> str:
        if voice not in self._voices:
            if len(self._voices) >= MAX_VOICES:
                return OTHER
            self._voices.add(voice)
        return voice

    def _counter(self, name: str, help_: str, labels: list[str]) -> Counter:
        return Counter(f"vivavoce_{name}", help_, labels, registry=self.registry)

    def _histogram(self, name: str, help_: str, labels: list[str], buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"vivavoce_{name}", help_, labels, buckets=buckets, registry=self.registry)


def _count_step(
    count: Callable[[], None],
    audio: Callable[[float], None],
    cpu: Callable[[float], None],
    made_s: float,
    cpu_s: float,
) -> None:
    count()
    audio(made_s)
    cpu(cpu_s)


def _count_stream(
    count: Callable[[], None],
    factor: Callable[[float], None],
    lead: Callable[[float], None],
    made_s: float,
    cpu_s: float,
    least_lead_s: float | None,
) -> None:
    count()
    if made_s > 0:
        factor(cpu_s / made_s)
    if least_lead_s is not None:
        lead(least_lead_s)


def _figure(status: Callable[[], Mapping[str, float]], name: str) -> float:
    return status()[name]
