"""What an hour comes to, by its windows: figures from what guests got and what was sampled. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from bench.client import STARVED_S
from bench.figures import quantile
from bench.guests import MUTE, VoicePrice
from bench.hour_load import Gone

COUNTED: Final = (
    "work_after_disconnect_seconds_total",
    "audio_seconds_total",
    "underruns_total",
    "worker_deaths_total",
    "refusals_total",
    "streams",
)
"""Metrics of the server that are sampled, without their prefix."""
REFUSED: Final = "overloaded"
KILL_S: Final = 3.0
"""Guests who came within so long after a worker was killed count as touched by it: its successor is not ready yet."""
POINTS: Final = 10
"""Of the plot, in a window."""


class Told(Struct, kw_only=True):
    """Everything so far. Times in seconds after the beginning."""

    seconds: float
    load: float
    prices: Mapping[str, VoicePrice]
    guests: int
    gone: list[Gone] = []
    samples: list[dict[str, float]] = []
    kills: list[float] = []

    @property
    def window_s(self) -> float:
        """Six make the whole."""
        return self.seconds / 6

    def figures(self) -> dict[str, Any]:
        """Plain figures; a guest belongs to the window in which it came."""
        reached_s = self.samples[-1]["at_s"] if self.samples else 0.0
        windows = min(6, int(reached_s // self.window_s))
        return {
            "seconds": self.seconds,
            "load": self.load,
            "prices": msgspec.to_builtins(self.prices),
            "guests": self.guests,
            "windows": [self._window(number) for number in range(windows)],
            "points": self._points(),
            "kills": self.kills,
            "samples": self.samples,
        }

    def _window(self, number: int) -> dict[str, Any]:
        begin_s, end_s = number * self.window_s, (number + 1) * self.window_s
        came = [one for one in self.gone if begin_s <= one.at_s < end_s]
        admitted = [one for one in came if one.code != REFUSED]
        told = {
            "begin_s": begin_s,
            "end_s": end_s,
            "came": len(came),
            "refused": len(came) - len(admitted),
            "first_audio_ms": {voice: _quantiles(_firsts(admitted, voice)) for voice in self.prices},
            "errors": _codes(one for one in admitted if not self._touched(one)),
            "errors_by_kill": _codes(filter(self._touched, admitted)),
        }
        return told | self._starved(admitted) | self._sampled(begin_s, end_s)

    def _starved(self, admitted: Sequence[Gone]) -> dict[str, int]:
        """By whose fault it can be: those who were there when a worker was killed, writers whose next words may not have
        come, and all others. Who reads slowly starves by itself and is left out."""
        starved = [one for one in admitted if one.kind not in ("slow", MUTE) and one.stalled_s > STARVED_S]
        touched = [one for one in starved if self._touched(one)]
        writers = [one for one in starved if one.kind == "writer" and not self._touched(one)]
        return {
            "starved": len(starved) - len(touched) - len(writers),
            "starved_writers": len(writers),
            "starved_by_kill": len(touched),
            "touched_by_kill": sum(map(self._touched, admitted)),
        }

    def _touched(self, one: Gone) -> bool:
        return any(one.at_s - KILL_S <= kill <= one.over_s for kill in self.kills)

    def _sampled(self, begin_s: float, end_s: float) -> dict[str, float]:
        """Peaks of memory and file descriptors, and what counters grew by."""
        seen = [one for one in self.samples if begin_s <= one["at_s"] <= end_s]
        first, last = seen[0], seen[-1]
        found = {
            f"peak_{name}": max(one[name] for one in seen) for name in ("front_mb", "workers_mb", "front_fds")
        }
        for name in COUNTED:
            if name.endswith("_total"):
                found[name.removesuffix("_total")] = last[name] - first[name]
        for name in ("cpu_s", "load_cpu_s"):
            found[name.replace("cpu_s", "cores")] = max(0.0, last[name] - first[name]) / (end_s - begin_s)
        return found

    def _points(self) -> list[dict[str, float]]:
        """First audio of every tenth of a window, all voices."""
        width_s = self.window_s / POINTS
        by_point: dict[int, list[Gone]] = {}
        for one in self.gone:
            by_point.setdefault(int(one.at_s // width_s), []).append(one)
        points = []
        for number, came in sorted(by_point.items()):
            if found := _quantiles([first for voice in self.prices for first in _firsts(came, voice)]):
                points.append({"at_s": (number + 0.5) * width_s, **found})
        return points


def _codes(some: Iterable[Gone]) -> dict[str, int]:
    return dict(Counter(one.code for one in some if one.code))


def _firsts(some: Sequence[Gone], voice: str) -> list[float]:
    """Of those who gave their whole text at once."""
    return [
        one.first_s * 1e3
        for one in some
        if one.voice == voice and one.kind != "writer" and one.first_s is not None
    ]


def _quantiles(values_ms: Sequence[float]) -> dict[str, float]:
    """Empty when there are none."""
    if not values_ms:
        return {}
    return {
        "p50": quantile(values_ms, 0.5),
        "p95": quantile(values_ms, 0.95),
        "highest": max(values_ms),
        "count": len(values_ms),
    }
