"""The loudness of neural voices: a gain measured once for each voice, and a limiter that knows only the sample it bends.

A model's own tools scale every sentence by its peak, which cannot be known while the sentence streams.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

_PEAK: Final = 0.9
"""Where the loudest sample of ordinary speech comes to lie, as a share of full scale."""
_GAINS: Final = (0.05, 20.0)
_KNEE: Final = 0.8
"""Below it, as a share of full scale, the limiter changes nothing."""


def gain_for(speech: Floats) -> float:
    """What ``speech``, the voice's own, has to be multiplied by to be as loud as other voices; 1 for silence."""
    peak = float(np.abs(speech).max(initial=0.0))
    return min(max(_PEAK / peak, _GAINS[0]), _GAINS[1]) if peak > 0 else 1.0


def limited(audio: Floats, gain: float) -> bytes:
    """``audio`` times ``gain`` as int16, little-endian. Loud samples are bent, not cut; no sample depends on others,
    so it does not matter how the audio is divided."""
    loud = audio * np.float32(gain)
    size = np.abs(loud)
    room = np.float32(1.0 - _KNEE)
    bent = np.float32(_KNEE) + room * np.tanh((size - np.float32(_KNEE)) / room)
    shaped = np.where(size > _KNEE, np.copysign(bent, loud), loud)
    return np.rint(shaped * np.float32(32767)).astype("<i2").tobytes()


def furthest(first: Floats, second: Floats, gain: float) -> int:
    """How far two recordings of one shape are apart where they differ most, in units of int16."""
    units = [np.frombuffer(limited(audio, gain), "<i2").astype(np.int32) for audio in (first, second)]
    return int(np.abs(units[0] - units[1]).max(initial=0))
