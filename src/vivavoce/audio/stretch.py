"""Change of tempo at the same pitch: WSOLA, waveform-similarity overlap-add (Verhelst and Roelands, 1993).

The output is laid in segments of 20 ms. Segment ``k`` is taken from the input near where its middle belongs, shifted
by at most 8 ms to where the input looks most like the natural continuation of segment ``k - 1``; over 10 ms the one
fades into the other. Because joins happen between look-alikes, whole pitch periods are dropped or repeated and the
pitch stays.

The first segment leaves at once. Later ones need 18 ms of input beyond their nominal start to choose from, and for a
tempo above 1 half a segment's excess. FFmpeg's ``atempo`` waits for whole windows of 43 to 85 ms instead.
Every decision is taken at fixed positions of the stream, so it does not depend on how the stream was cut.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vivavoce.audio.pcm import Samples, join, silence

SEGMENT_MS: Final = 20
FADE_MS: Final = 10
SEARCH_MS: Final = 8
NEAR_BIAS: Final = 0.01
"""Likeness (of 1) given up for a place 8 ms nearer to the nominal one; decides between equal pitch periods."""


class Stretch:
    """``tempo`` times as fast, in any pieces; in all ``round(n / tempo)`` samples for ``n``.

    Never gives more than its share of what came, ``n / tempo`` rounded down. After ``flush`` it begins anew.
    """

    def __init__(self, rate_hz: int, tempo: float) -> None:
        self._tempo = tempo
        self._segment = rate_hz * SEGMENT_MS // 1000
        self._fade = rate_hz * FADE_MS // 1000
        self._search = rate_hz * SEARCH_MS // 1000
        rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(self._fade) + 0.5) / self._fade)
        self._rise: NDArray[np.float64] = rise
        self._input: Samples
        self._ready: Samples
        self._begin()

    def feed(self, samples: Samples) -> Samples:
        if not len(samples):
            return samples
        self._taken += len(samples)
        self._input = join([self._input, samples])
        self._lay()
        return self._release(int(self._taken / self._tempo))

    def flush(self) -> Samples:
        total = round(self._taken / self._tempo)
        beyond = self._nominal(total // self._segment + 1) + self._search + self._segment + self._fade
        self._input = join([self._input, silence(max(0, beyond - self._origin - len(self._input)))])
        self._lay()
        rest = self._release(total)
        self._begin()
        return rest

    def _begin(self) -> None:
        self._taken = 0
        self._input = silence(0)
        self._origin = 0  # position in the stream of self._input[0]
        self._number = 0  # of the segment being laid
        self._start = 0  # where in the stream that segment is taken from
        self._laid = 0  # samples of it that are in the output
        self._ready = silence(0)
        self._given = 0

    def _nominal(self, number: int) -> int:
        """Where segment ``number`` belongs: its middle at its own time, in input samples."""
        middle = (number + 0.5) * self._segment * self._tempo
        return max(0, round(middle - self._segment / 2))

    def _lay(self) -> None:
        """Append to the output all that the input at hand decides."""
        end = self._origin + len(self._input)
        pieces = [self._ready]
        while True:
            stop = min(self._start + self._segment, end)
            if stop > self._start + self._laid:
                pieces.append(self._cut(self._start + self._laid, stop))
                self._laid = stop - self._start
            follow = self._start + self._segment
            nominal = self._nominal(self._number + 1)
            if self._laid < self._segment or end < max(nominal + self._search, follow) + self._fade:
                break
            pieces.append(self._join_at(follow, nominal))
        self._ready = join(pieces)
        self._forget(min(self._start + self._laid, nominal - self._search))

    def _join_at(self, follow: int, nominal: int) -> Samples:
        """Begin the next segment: its first samples, faded into from what would follow the last one."""
        before = self._cut(follow, follow + self._fade).astype(np.float64)
        low = max(0, nominal - self._search)
        field = self._cut(low, nominal + self._search + self._fade).astype(np.float64)
        shift, likeness = _most_alike(before, field, nominal - low, self._search)
        self._number += 1
        self._start = low + shift
        self._laid = self._fade
        after = field[shift : shift + self._fade]
        fall = 1 - self._rise
        # Equal gain for equal waves, equal power for unlike ones, so that hiss does not flutter at the joins.
        power = fall**2 + self._rise**2 + 2 * likeness * fall * self._rise
        return ((before * fall + after * self._rise) / np.sqrt(power)).astype(np.float32)

    def _cut(self, start: int, stop: int) -> Samples:
        return self._input[start - self._origin : stop - self._origin]

    def _forget(self, position: int) -> None:
        drop = min(max(0, position - self._origin), len(self._input))
        self._input = self._input[drop:].copy()
        self._origin += drop

    def _release(self, upto: int) -> Samples:
        """What may leave now, so that ``upto`` samples have left in all."""
        n = max(0, upto - self._given)
        out, self._ready = self._ready[:n], self._ready[n:]
        self._given += len(out)
        return out


def _most_alike(
    wanted: NDArray[np.float64], field: NDArray[np.float64], centre: int, reach: int
) -> tuple[int, float]:
    """The offset in ``field`` where it is most like ``wanted``, and the likeness there, 0 to 1."""
    size = len(wanted)
    product = np.correlate(field, wanted, "valid")
    sums = np.concatenate(([0.0], np.cumsum(field * field)))
    energy = np.maximum(sums[size:] - sums[:-size], 0.0) * float(wanted @ wanted)
    # 1e-9 is about one int16 step of energy: silence is alike to nothing, so the nominal place wins there.
    likeness = product / np.sqrt(energy + 1e-9)
    distance = np.abs(np.arange(len(likeness)) - centre) / reach
    best = int(np.argmax(likeness - NEAR_BIAS * distance))
    return best, float(np.clip(likeness[best], 0.0, 1.0))
