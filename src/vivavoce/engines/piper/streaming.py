"""Latent in, audio out, a few frames at a time: the three ways to drive a cut voice.

All give the same samples to one unit of int16. ``take`` must be called until :attr:`left` is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from vivavoce.engines.neural.loudness import Floats
from vivavoce.engines.neural.sessions import Session
from vivavoce.engines.piper.manifest import StreamInfo, WindowInfo

FLOW_CHUNK: Final = 64
"""Frames: the flow reads 28 MB of weights a call, so it never runs at the decoder's small chunks (8 frames: +200 %)."""
_MIN_REST: Final = 8
"""A rest of fewer frames goes with what is before it: a call costs half a millisecond, however small."""
_FINAL: Final = "final"
_OUTPUT: Final = "streamed"


class Stream(Protocol):
    """The audio of one sentence, from its beginning to its end."""

    @property
    def left(self) -> int:
        """Frames that are still to come."""
        ...

    def take(self, frames: int) -> Floats:
        """The next samples, shape (n,): about ``frames`` (1 or more) times the hop; all of them with the last call."""
        ...


class Pushed:
    """A streaming graph, fed piece by piece. Its states are its own; the session may be shared."""

    def __init__(self, session: Session, info: StreamInfo, static: Mapping[str, Floats]) -> None:
        self._session = session
        self._outputs = [_OUTPUT, *(state.out for state in info.states)]
        self._source = info.source
        self._names = [state.name for state in info.states]
        self._static = {name: static[name] for name in info.static}
        self._states: list[NDArray[Any]] = [
            np.zeros((1, state.channels, state.first), np.float32) for state in info.states
        ]

    def push(self, frames: Floats, *, final: bool) -> Floats:
        """What ``frames``, shape (1, channels, n), bring to light: shape (1, c, m). The first call needs
        ``min_first`` of them, unless it is final; nothing may follow the final one."""
        feed = dict(zip(self._names, self._states, strict=True)) | self._static
        feed[self._source] = frames
        feed[_FINAL] = np.array([final], np.int64)
        audio, *self._states = self._session.run(self._outputs, feed)
        return audio


class StatefulStream:
    """Flow and decoder as streaming graphs, the flow ahead in larger chunks."""

    def __init__(
        self,
        latent: Floats,
        static: Mapping[str, Floats],
        flow: tuple[Session, StreamInfo],
        decoder: tuple[Session, StreamInfo],
    ) -> None:
        """``latent`` has the shape (1, channels, frames)."""
        self._latent = latent
        self._flow, self._flow_info = Pushed(*flow, static), flow[1]
        self._decoder, self._decoder_info = Pushed(*decoder, static), decoder[1]
        self._flowed = 0
        """Latent frames that went into the flow."""
        self._spectrum: Floats = np.zeros((1, decoder[1].channels, 0), np.float32)
        """Out of the flow, not in the decoder yet."""
        self._begun = False
        self.left = latent.shape[2]

    def take(self, frames: int) -> Floats:
        """See :class:`Stream`. The first call costs the look-ahead of flow and decoder on top."""
        frames = self.left if self.left - frames < _MIN_REST else frames
        wanted = frames if self._begun else frames + self._decoder_info.min_first - 1
        self._begun = True
        self._run_flow(wanted)
        ready = self._spectrum.shape[2]
        at_end = self._flowed == self._latent.shape[2]
        if at_end and ready - wanted < _MIN_REST:
            wanted = ready
        final = at_end and wanted >= ready
        piece = np.ascontiguousarray(self._spectrum[:, :, :wanted])
        self._spectrum = self._spectrum[:, :, wanted:]
        audio = self._decoder.push(piece, final=final).reshape(-1)
        self.left = 0 if final else self.left - audio.size // self._decoder_info.rate
        return audio

    def _run_flow(self, wanted: int) -> None:
        """Let the flow run until ``wanted`` frames are ready, or it has given all."""
        total = self._latent.shape[2]
        while self._spectrum.shape[2] < wanted and self._flowed < total:
            size = wanted + self._flow_info.min_first - 1 if self._flowed == 0 else FLOW_CHUNK
            stop = min(self._flowed + size, total)
            stop = total if total - stop < _MIN_REST else stop
            piece = np.ascontiguousarray(self._latent[:, :, self._flowed : stop])
            self._flowed = stop
            made = self._flow.push(piece, final=stop == total)
            self._spectrum = np.concatenate([self._spectrum, made], 2)


class WindowStream:
    """Flow and decoder as they are, over windows that overlap by what reaches into them."""

    def __init__(
        self,
        latent: Floats,
        static: Mapping[str, Floats],
        flow: tuple[Session, WindowInfo],
        decoder: tuple[Session, WindowInfo],
        hop: int,
    ) -> None:
        self._latent, self._static, self._hop = latent, static, hop
        self._flow, self._decoder = flow, decoder
        self._total = latent.shape[2]
        self._spectrum: Floats | None = None
        self._done = 0

    @property
    def left(self) -> int:
        return int(self._total - self._done)

    def take(self, frames: int) -> Floats:
        """See :class:`Stream`."""
        frames = self.left if self.left - frames < _MIN_REST else frames
        start, stop = self._done, self._done + frames
        _, info = self._decoder
        low, high = max(0, start - info.left), min(self._total, stop + info.right)
        spectrum = self._flowed(high)
        audio = _run_window(self._decoder, self._static, spectrum, low, high).reshape(-1)
        self._done = stop
        return audio[(start - low) * self._hop : (stop - low) * self._hop]

    def _flowed(self, upto: int) -> Floats:
        """The spectrum, at least to frame ``upto``."""
        have = 0 if self._spectrum is None else self._spectrum.shape[2]
        if self._spectrum is not None and have >= upto:
            return self._spectrum
        _, info = self._flow
        stop = min(self._total, max(upto, have + FLOW_CHUNK) if have else upto)
        low, high = max(0, have - info.left), min(self._total, stop + info.right)
        made = _run_window(self._flow, self._static, self._latent, low, high)[:, :, have - low : stop - low]
        self._spectrum = made if self._spectrum is None else np.concatenate([self._spectrum, made], 2)
        return self._spectrum


def _run_window(
    part: tuple[Session, WindowInfo], static: Mapping[str, Floats], source: Floats, low: int, high: int
) -> Floats:
    session, info = part
    feed: dict[str, Any] = {name: static[name] for name in info.static}
    feed |= {name: np.ones((1, 1, high - low), np.float32) for name in info.masks}
    feed[info.source] = np.ascontiguousarray(source[:, :, low:high])
    return session.run(None, feed)[0]


class WholeStream:
    """Audio that was made at once, handed out in pieces."""

    def __init__(self, audio: Floats, hop: int) -> None:
        """``audio`` has the shape (samples,)."""
        self._audio, self._hop = audio, hop

    @property
    def left(self) -> int:
        return -(-self._audio.size // self._hop)

    def take(self, frames: int) -> Floats:
        """See :class:`Stream`."""
        size = frames * self._hop if self.left - frames >= _MIN_REST else self._audio.size
        piece, self._audio = self._audio[:size], self._audio[size:]
        return piece
