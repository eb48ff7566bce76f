"""Samples as this room passes them around, and the way to and from 16-bit PCM.

Everything in ``audio`` is pure: samples in, samples or bytes out. What has state has ``feed``, to be called with
pieces of any size (empty ones too), and ``flush``, to be called once nothing more comes.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""float32, mono, shape (n,), finite, nominally in [-1, 1)."""

FULL_SCALE: Final = 32768.0
"""The int16 step count of 1.0."""


def from_int16(pcm: bytes) -> Samples:
    """The samples of little-endian 16-bit PCM. Raises ValueError for half a sample."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(FULL_SCALE)


def to_int16(samples: Samples) -> bytes:
    """Little-endian 16-bit PCM: rounded to the nearest step, saturated, never wrapped."""
    return steps(samples).astype("<i2", copy=False).tobytes()


def steps(samples: Samples) -> NDArray[np.int16]:
    """``samples`` in int16 steps, rounded and saturated; shape (n,)."""
    scaled: Samples = np.rint(samples * np.float32(FULL_SCALE))
    return scaled.clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def silence(n: int) -> Samples:
    """``n`` samples of digital silence."""
    return np.zeros(n, np.float32)


def join(pieces: list[Samples]) -> Samples:
    """``pieces`` one after another; a single one is passed on without a copy."""
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if pieces else silence(0)


def resized(samples: Samples, n: int) -> Samples:
    """The first ``n`` of ``samples``, or all of them followed by silence."""
    return samples[:n] if len(samples) >= n else join([samples, silence(n - len(samples))])


class Blocks:
    """Cuts a stream into blocks of one size, so that a codec's output never depends on how it was fed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._held = silence(0)

    def feed(self, samples: Samples) -> list[Samples]:
        """The blocks that are full now, in order."""
        held = join([self._held, samples]) if len(self._held) else samples
        whole = len(held) - len(held) % self.size
        self._held = held[whole:].copy()
        return [held[at : at + self.size] for at in range(0, whole, self.size)]

    def flush(self) -> Samples:
        """What is left: fewer samples than a block, perhaps none."""
        rest, self._held = self._held, silence(0)
        return rest
