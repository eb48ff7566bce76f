"""Phonemes that tile the clip: each starts where the one before it stops, the first at 0, the last at the end.

The SDK joins clips by adding up durations, so a silence that is left out would shift everything after it. Times are
counted in whole microseconds: sums of floats would drift apart.
"""

from __future__ import annotations

from typing import Final

from vivavoce.dialects.supertone import messages as wire
from vivavoce.speech import Mark

SILENCE: Final = ""
MIN_GAP_US: Final = 1000
"""A shorter hole between two marks is a rounding, not a silence."""


class Tiles:
    """Takes phoneme marks as they come and gives groups of tiles, which go on where the last group stopped."""

    def __init__(self, *, silent: bool = False) -> None:
        """``silent``: no marks come because there is nothing to say, and not because the voice has none."""
        self._known = silent
        self._settled: list[tuple[str, int, int]] = []
        self._last = SILENCE
        """The tile that is not settled, because what follows decides where it stops."""
        self._start = 0
        self._stop = 0

    def feed(self, mark: Mark) -> None:
        """The next phoneme; they come in order."""
        self._known = True
        start = max(_us(mark.start_s), self._start)
        if self._last and start - self._stop >= MIN_GAP_US:
            self._settle(self._stop)
            self._last = SILENCE
        if mark.value == SILENCE == self._last:
            self._stop = max(self._stop, _us(mark.stop_s))
            return
        self._settle(start)
        self._last, self._stop = mark.value, max(start, _us(mark.stop_s))

    def finish(self, audio_s: float) -> None:
        """The clip is so long, and no more marks come. Of a voice without marks nothing is told: "" would be a lie."""
        if not self._known:
            return
        end = max(self._start, _us(audio_s))
        if self._last and end - self._stop >= MIN_GAP_US:
            self._settle(self._stop)
            self._last = SILENCE
        self._settle(end)

    def take(self) -> wire.Phonemes | None:
        """The tiles settled since last asked."""
        if not self._settled:
            return None
        tiles, self._settled = self._settled, []
        return wire.Phonemes(
            [symbol for symbol, _, _ in tiles],
            [start / 1e6 for _, start, _ in tiles],
            [(stop - start) / 1e6 for _, start, stop in tiles],
        )

    def _settle(self, stop: int) -> None:
        """The tile at hand stops here, and the next one starts. An empty one is none."""
        if stop > self._start:
            self._settled.append((self._last, self._start, stop))
        self._start = stop


def _us(seconds: float) -> int:
    return round(seconds * 1e6)
