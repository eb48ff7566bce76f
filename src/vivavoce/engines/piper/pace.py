"""How many frames a call of the decoder makes: by the voice and the place in the sentence, and by nothing else.

onnxruntime adds in another order for another number of frames. If calls followed what the scheduler asks for, the same
request would differ in single units of int16 from one time to the next (a medium voice: in 0.4 % of its samples). So
the sizes are fixed, and a step makes as many calls as it needs.
"""

from __future__ import annotations

from typing import Final

SMALLEST: Final = 8
"""Frames: of fewer the call itself costs most."""
LARGEST: Final = 32
"""More bring nothing."""
_CALL_WORK: Final = 2e9
"""Multiplications of one call, about 45 ms on the machine of the benchmarks: 32 frames of a medium voice do a
third of it, 8 of a high voice a little more than it."""


def largest(work: float) -> int:
    """Frames of the largest call for a decoder that does ``work`` multiplications a frame."""
    frames = LARGEST
    while frames > SMALLEST and frames * work > _CALL_WORK:
        frames //= 2
    return frames


def frames(call: int, most: int) -> int:
    """Frames of call number ``call`` of a sentence, from 0: small ones first, for the first sound; at most ``most``."""
    return min(SMALLEST << min(call // 2, 8), most)
