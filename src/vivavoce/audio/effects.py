"""What is done to the samples of a voice that cannot do it itself: tempo, pitch, volume, and joins without clicks.

:func:`effects` builds a chain for a whole stream. Tempo is WSOLA (``stretch.py``). Pitch is WSOLA to another length,
then resampling back, so formants move along with the pitch. Volume ends in a limiter.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from vivavoce.audio.pcm import Samples, join, resized, silence
from vivavoce.audio.resample import Resampler
from vivavoce.audio.stretch import Stretch

THRESHOLD: Final = 0.85
"""Loudness (-1.4 dB) under which the limiter changes nothing."""
RELEASE_S: Final = 0.06
FADE_MS: Final = 3
AUDIBLE_STEP: Final = 1 / 512
"""A jump from or to silence of this size (-54 dB) is heard as a click in a quiet room."""


class Stage(Protocol):
    """One step of a chain: stateful, indifferent to how its input is cut; ``flush`` ends a stream."""

    def feed(self, samples: Samples) -> Samples:
        """What of the sound so far can be let out; perhaps nothing, perhaps more than came in."""
        ...

    def flush(self) -> Samples:
        """The rest. The stage is used up."""
        ...


class Limiter:
    """Multiplies by ``gain`` and keeps what would pass full scale under it, without delay.

    It follows the peaks (rising at once, falling by a factor e in 60 ms) and turns the volume down by what the peak
    is over the threshold, so the shape of the wave stays. No output reaches 1.0.
    """

    def __init__(self, rate_hz: int, gain: float) -> None:
        self._gain = np.float32(gain)
        self._decay = 1 / (RELEASE_S * rate_hz)
        self._peak = 0.0
        self._span = int(RELEASE_S * rate_hz)  # samples handled at once: keeps exp() small

    def feed(self, samples: Samples) -> Samples:
        spans = range(0, len(samples), self._span)
        return join([self._limit(samples[at : at + self._span] * self._gain) for at in spans])

    def flush(self) -> Samples:
        self._peak = 0.0
        return silence(0)

    def _limit(self, loud: Samples) -> Samples:
        size = np.abs(loud, dtype=np.float64)
        if self._peak <= THRESHOLD and float(size.max()) <= THRESHOLD:
            return loud  # a peak under the threshold never matters later either
        falling = np.exp(-self._decay * np.arange(1, len(loud) + 1))
        # max over k of size[k] * exp(-decay * (n - k)), as one running maximum
        peaks = np.maximum(np.maximum.accumulate(size / falling), self._peak) * falling
        self._peak = float(peaks[-1])
        return (loud * _share(peaks)).astype(np.float32)


def _share(peaks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The factor for samples under each peak: 1 up to the threshold, then such that the peak stays below 1."""
    room = 1 - THRESHOLD
    over = np.maximum(peaks - THRESHOLD, 0.0)
    # 0.999: tanh rounds to 1 in the end, and full scale is for nobody.
    held = THRESHOLD + 0.999 * room * np.tanh(over / room)
    return np.where(over > 0, held / np.maximum(peaks, THRESHOLD), 1.0)


class Chain:
    """Stages one after another, with the exact length of the whole: ``round(n / tempo)`` samples for ``n``.

    After ``flush`` it begins anew.
    """

    def __init__(self, stages: Sequence[Stage], tempo: float) -> None:
        self._stages = stages
        self._tempo = tempo
        self._taken = 0
        self._given = 0

    @property
    def identity(self) -> bool:
        """Whether samples pass through untouched and undelayed."""
        return not self._stages

    def feed(self, samples: Samples) -> Samples:
        self._taken += len(samples)
        for stage in self._stages:
            samples = stage.feed(samples)
        self._given += len(samples)
        return samples

    def flush(self) -> Samples:
        rest = silence(0)
        for stage in self._stages:
            rest = join([stage.feed(rest), stage.flush()])
        rest = resized(rest, max(0, round(self._taken / self._tempo) - self._given))
        self._taken = self._given = 0
        return rest


def effects(rate_hz: int, *, tempo: float = 1.0, pitch_semitones: float = 0.0, gain: float = 1.0) -> Chain:
    """The chain that speaks ``tempo`` times as fast (0.25 to 4), so many semitones higher (-24 to 24) and ``gain``
    times as loud (linear, 0 to 4). Where nothing is asked it has no stages.

    Raises ValueError outside these ranges; callers check theirs first.
    """
    if not (0.25 <= tempo <= 4 and -24 <= pitch_semitones <= 24 and 0 <= gain <= 4):
        raise ValueError(f"effects out of range: {tempo=}, {pitch_semitones=}, {gain=}")
    # Within a cent, and few enough phases (1024) for the resampler to compute each exactly.
    pitch = Fraction(2 ** (pitch_semitones / 12)).limit_denominator(1000)
    stages: list[Stage] = []
    if tempo != pitch:
        stages.append(Stretch(rate_hz, tempo / float(pitch)))
    if pitch != 1:
        stages.append(Resampler(pitch.numerator, pitch.denominator))
    if stages or gain != 1:
        stages.append(Limiter(rate_hz, gain))
    return Chain(stages, tempo)


class Seam:
    """Joins utterances to the silence, or to other utterances, around them without clicks.

    An utterance that starts with a jump is faded in over its first 3 ms, one that stops with a jump is faded out
    over its last 3 ms; others stay as they are. The length never changes, and at most 3 ms are held back.
    """

    def __init__(self, rate_hz: int) -> None:
        n = rate_hz * FADE_MS // 1000
        self._rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / n)).astype(np.float32)
        self._held = silence(0)
        self._risen: int | None = None  # samples of the fade-in that are done; None: no utterance has begun

    def feed(self, samples: Samples) -> Samples:
        """The utterance so far, without the last 3 ms. The first samples after ``cut`` begin a new one."""
        if not len(samples):
            return samples
        if self._risen is None:
            self._risen = 0 if abs(samples[0]) > AUDIBLE_STEP else len(self._rise)
        rise = self._rise[self._risen : self._risen + len(samples)]
        if len(rise):
            samples = join([samples[: len(rise)] * rise, samples[len(rise) :]])
            self._risen += len(rise)
        joined = join([self._held, samples])
        keep = max(0, len(joined) - len(self._rise))
        self._held = joined[keep:].copy()
        return joined[:keep]

    def cut(self) -> Samples:
        """Ends the utterance: what was held back, faded out if it needs to be."""
        held, self._held, self._risen = self._held, silence(0), None
        if not len(held) or abs(held[-1]) <= AUDIBLE_STEP:
            return held
        return held * self._rise[::-1][-len(held) :]

    def flush(self) -> Samples:
        """The same as ``cut``: the end of a stream ends its utterance."""
        return self.cut()
