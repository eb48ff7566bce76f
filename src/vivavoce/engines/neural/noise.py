"""The noise that neural voices start from, drawn outside the graphs so that the same request gives the same sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vivavoce.engines.neural.loudness import Floats


def seeded(seed: Sequence[int]) -> np.random.Generator:
    """A source of noise; any whole numbers will do."""
    return np.random.default_rng([number % (1 << 64) for number in seed])


def normal(noise: np.random.Generator, channels: int, length: int) -> Floats:
    """Normal noise of shape (1, channels, length); its beginning does not depend on its length."""
    return np.ascontiguousarray(noise.standard_normal((length, channels), np.float32).T[None])
