"""G.711: 16-bit samples to 8-bit µ-law or A-law by one table look-up each.

The tables are built from the decoder that ITU-T G.711 defines: each of the 65,536 inputs gets the code whose decoded
value is nearest. Encoders in the field differ from each other exactly at the ties, so bytes may differ from theirs
while the error does not.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vivavoce.audio.pcm import Samples, steps

Law: TypeAlias = Literal["mulaw", "alaw"]


def decoded(law: Law) -> NDArray[np.int32]:
    """What each of the 256 codes stands for, in int16 steps (tables 1a to 2b of G.711, scaled to 16 bits)."""
    codes = np.arange(256, dtype=np.int32)
    if law == "mulaw":
        bits = codes ^ 0xFF
        exponent, mantissa = bits >> 4 & 7, bits & 15
        size = ((mantissa << 3) + 132 << exponent) - 132
        return np.where(bits & 0x80, -size, size)
    bits = codes ^ 0x55
    exponent, mantissa = bits >> 4 & 7, bits & 15
    size = np.where(exponent == 0, (mantissa << 4) + 8, (mantissa << 4) + 264 << np.maximum(exponent - 1, 0))
    return np.where(bits & 0x80, size, -size)


@cache
def table(law: Law) -> NDArray[np.uint8]:
    """The code of every int16, indexed by the same bits read as uint16; shape (65536,)."""
    values = decoded(law)
    # µ-law has two zeros, 0x7F and 0xFF. The stable order and the right side give silence 0xFF, as is usual.
    order = np.argsort(values, kind="stable")
    borders = (values[order][1:] + values[order][:-1]) / 2
    inputs = np.arange(65536, dtype=np.uint16).view(np.int16)
    codes: NDArray[np.uint8] = order[np.searchsorted(borders, inputs, side="right")].astype(np.uint8)
    return codes


def encode(samples: Samples, law: Law) -> bytes:
    """One byte a sample."""
    return table(law)[steps(samples).view(np.uint16)].tobytes()
