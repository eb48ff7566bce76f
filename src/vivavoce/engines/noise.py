"""The C library's random numbers, as one seeded stream for each job that draws from them.

flite's statistical voices excite their filters with ``rand()``. With glibc ``rand`` and ``random`` share one state that
can be exchanged, so a job's own state is put in while its C code runs and taken out when it pauses: interleaved jobs
then sound exactly as they do alone. Where the two are separate (musl, macOS) the stream is only seeded at its start.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

_STATE_BYTES: Final = 128
"""The size at which glibc's generator gives the same numbers as after ``srand``."""


def _library() -> Any:
    c = ctypes.CDLL(None)
    c.initstate.restype = c.setstate.restype = ctypes.c_void_p
    c.initstate.argtypes = [ctypes.c_uint, ctypes.c_void_p, ctypes.c_size_t]
    c.setstate.argtypes = [ctypes.c_void_p]
    c.srand.argtypes = [ctypes.c_uint]
    return c


class Noise:
    """One stream: between :meth:`enter` and :meth:`leave`, as often as needed and never nested, ``rand()`` draws
    from it."""

    def __init__(self, seed: int) -> None:
        self._c = _library()
        self._seed = seed % 0xFFFF_FFFF + 1  # srand takes 0 for 1
        self._state = ctypes.create_string_buffer(_STATE_BYTES)
        self._outside: int | None = None
        self._begun = False

    def enter(self) -> None:
        if self._begun:
            self._outside = self._c.setstate(self._state)
            return
        self._begun = True
        self._outside = self._c.initstate(self._seed, self._state, _STATE_BYTES)
        if not _shared(self._c, self._seed, self._state):
            self._c.srand(self._seed)

    def leave(self) -> None:
        self._c.setstate(self._outside)


def _shared(c: Any, seed: int, state: Any) -> bool:
    """Whether ``rand`` draws from ``state``, the current state of ``random``; ``state`` begins anew."""
    before = state.raw
    c.rand()
    shared = bool(state.raw != before)
    # A state may only be begun anew while it is not the current one: initstate writes the old one's position first.
    other = ctypes.create_string_buffer(_STATE_BYTES)
    c.initstate(1, other, _STATE_BYTES)
    c.initstate(seed, state, _STATE_BYTES)
    return shared
