"""A cut voice, loaded: from numbers to the frames of each, and to a stream of audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from vivavoce.engines.neural.folders import CUT
from vivavoce.engines.neural.noise import normal, seeded
from vivavoce.engines.neural.sessions import GraphError, Session, saved_session
from vivavoce.engines.piper.config import VoiceConfig
from vivavoce.engines.piper.manifest import (
    DECODER,
    FLOW,
    FRONT,
    WHOLE,
    Manifest,
    Rung,
    StreamInfo,
    WindowInfo,
)
from vivavoce.engines.piper.streaming import StatefulStream, Stream, WholeStream, WindowStream

_FRAMES_AN_ID: Final = 12
"""Frames that the latent noise of a whole sentence is made for at first; 4 to 5 are usual at speed 1."""
_LONGEST_FRAMES: Final = 1 << 17


class Scales(Struct, frozen=True):
    """The voice's three knobs."""

    noise: float
    length: float
    duration_noise: float


class Begun(Struct, frozen=True):
    """A sentence whose durations are known and whose audio is still to be made."""

    samples: tuple[int, ...]
    """Length of each number's sound; their sum is the length of the audio."""
    stream: Stream


class Model:
    """The sessions of one voice. May be used by several jobs at a time, from one thread."""

    def __init__(self, config: VoiceConfig, manifest: Manifest, sessions: Mapping[str, Session]) -> None:
        """``sessions`` by the names of :func:`files_of`."""
        self.config = config
        self.manifest = manifest
        self._sessions = sessions

    @property
    def hop(self) -> int:
        """Samples for a frame."""
        return self.manifest.hop

    def begin(self, numbers: tuple[int, ...], speaker: int, scales: Scales, seed: Sequence[int]) -> Begun:
        """Read a sentence: the work before its first sound. Same arguments, same sound."""
        noise = seeded(seed)
        feed: dict[str, NDArray[Any]] = {
            "input": np.array([numbers], np.int64),
            "input_lengths": np.array([len(numbers)], np.int64),
            "scales": np.array([scales.noise, scales.length, scales.duration_noise], np.float32),
        }
        if self.config.num_speakers > 1:
            feed["sid"] = np.array([speaker], np.int64)
        if channels := self.manifest.duration_noise:
            feed["duration_noise"] = normal(noise, channels, len(numbers))
        if self.manifest.rung is Rung.SENTENCES:
            return self._whole(feed, noise, len(numbers))
        return self._cut(feed, noise)

    def _cut(self, feed: dict[str, NDArray[Any]], noise: np.random.Generator) -> Begun:
        front, flow, decoder = self.manifest.front, self.manifest.flow, self.manifest.decoder
        assert front is not None
        names = [front.durations, front.mean, front.noise, *front.static]
        durations, mean, scale, *static = self._sessions[FRONT].run(names, feed)
        latent = mean + normal(noise, mean.shape[1], mean.shape[2]) * scale
        fixed = dict(zip(front.static, static, strict=True))
        parts = self._sessions[FLOW], self._sessions[DECODER]
        stream: Stream
        if isinstance(flow, StreamInfo) and isinstance(decoder, StreamInfo):
            stream = StatefulStream(latent, fixed, (parts[0], flow), (parts[1], decoder))
        else:
            assert isinstance(flow, WindowInfo)
            assert isinstance(decoder, WindowInfo)
            stream = WindowStream(latent, fixed, (parts[0], flow), (parts[1], decoder), self.hop)
        return Begun(self._samples(durations), stream)

    def _whole(self, feed: dict[str, NDArray[Any]], noise: np.random.Generator, count: int) -> Begun:
        """The whole sentence at once. How much noise it needs is known only afterwards."""
        frames = _FRAMES_AN_ID * count
        made = noise.standard_normal((frames, self.manifest.channels), np.float32)
        while True:
            if self.manifest.latent_noise:
                feed["latent_noise"] = np.ascontiguousarray(made.T[None])
            try:
                audio, durations = self._sessions[WHOLE].run(None, feed)
            except GraphError:  # too little noise is a shape that does not fit
                if made.shape[0] >= _LONGEST_FRAMES:
                    raise
                made = np.concatenate([made, noise.standard_normal(made.shape, np.float32)])
                continue
            return Begun(self._samples(durations), WholeStream(audio.reshape(-1), self.hop))

    def _samples(self, durations: NDArray[Any]) -> tuple[int, ...]:
        return tuple(int(frames) * self.hop for frames in durations.reshape(-1))


def files_of(rung: Rung) -> tuple[str, ...]:
    """The graphs that a rung needs."""
    return (WHOLE,) if rung is Rung.SENTENCES else (FRONT, FLOW, DECODER)


def load_model(folder: Path, config: VoiceConfig, manifest: Manifest) -> Model:
    """The voice in ``folder``, ready to speak. Raises GraphError."""
    files = files_of(manifest.rung)
    return Model(config, manifest, {name: saved_session(folder / CUT / name) for name in files})
