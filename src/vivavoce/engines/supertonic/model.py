"""A prepared model, loaded: from numbers to a length, from noise to a latent in eight steps, from a latent to sound.

Names, shapes and order of the graphs' inputs are those of the vendor's own package (``supertonic`` 1.3.1, ``core.py``, read
2026-11-21)::

    duration_predictor  text_ids int64 (1, n), style_dp, text_mask float32 (1, 1, n)   -> seconds
    text_encoder        text_ids, style_ttl, text_mask                                 -> (1, c, n)
    vector_estimator    noisy_latent float32 (1, channels, frames), text_emb, style_ttl, text_mask,
                        latent_mask float32 (1, 1, frames), current_step, total_step float32 (1,) -> as noisy_latent
    vocoder             latent                                                         -> (1, frames * hop)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from vivavoce.engines.neural.folders import CUT
from vivavoce.engines.neural.loudness import Floats
from vivavoce.engines.neural.noise import normal, seeded
from vivavoce.engines.neural.sessions import GraphError, Session, saved_session
from vivavoce.engines.supertonic.config import Config, Tensor, read_config, read_style, read_table
from vivavoce.engines.supertonic.manifest import DURATIONS, ENCODER, ESTIMATOR, GRAPHS, VOCODER, Reach

STEPS: Final = 8
"""Of denoising, as many as the vendor's package takes; the work grows with them."""
_NATURAL: Final = 1.05
"""The speed that the vendor's package speaks at when it is told none."""
_MAX_S: Final = 120.0
"""Of one utterance; a model that says more is broken."""
INPUTS: Final[dict[str, frozenset[str]]] = {
    DURATIONS: frozenset({"text_ids", "style_dp", "text_mask"}),
    ENCODER: frozenset({"text_ids", "style_ttl", "text_mask"}),
    ESTIMATOR: frozenset(
        {
            "noisy_latent", "text_emb", "style_ttl", "text_mask", "latent_mask", "current_step", "total_step",
        }
    ),
    VOCODER: frozenset({"latent"}),
}  # fmt: skip


class Speaker(Struct, frozen=True):
    """A style, ready for the graphs."""

    sound: Floats
    lengths: Floats


class Draft:
    """An utterance whose length is known and whose latent is still noise, or partly so."""

    def __init__(
        self, session: Session, feed: Mapping[str, NDArray[Any]], latent: Floats, samples: int
    ) -> None:
        """``feed`` is what the estimator is given at every step."""
        self._session, self._feed = session, dict(feed)
        self.latent = latent
        """float32 (1, channels, frames)."""
        self.samples = samples
        self.left = STEPS

    def refine(self) -> None:
        """One of the steps that are :attr:`left`. Raises GraphError."""
        step = np.array([STEPS - self.left], np.float32)
        made = self._session.run(None, {**self._feed, "noisy_latent": self.latent, "current_step": step})[0]
        self.latent = _shaped(ESTIMATOR, made, self.latent.shape)
        self.left -= 1


class Sound:
    """The samples of a latent, from its beginning to its end."""

    def __init__(self, session: Session, latent: Floats, hop: int, reach: Reach | None) -> None:
        self._session, self._latent, self._hop = session, latent, hop
        self._reach = reach
        self.done = 0
        """Frames whose samples were taken."""

    @property
    def left(self) -> int:
        """Frames whose samples were not taken."""
        return int(self._latent.shape[2] - self.done)

    def take(self, frames: int) -> Floats:
        """Samples of the next ``frames``, shape (n,); of all that are left when the vocoder cannot run over a part.
        Raises GraphError."""
        start, total = self.done, self._latent.shape[2]
        stop = total if self._reach is None else min(total, start + frames)
        low = 0 if self._reach is None else max(0, start - self._reach.left)
        high = total if self._reach is None else min(total, stop + self._reach.right)
        window = np.ascontiguousarray(self._latent[:, :, low:high])
        made = self._session.run(None, {"latent": window})[0]
        audio = _shaped(VOCODER, made, (1, (high - low) * self._hop)).reshape(-1)
        self.done = stop
        return audio[(start - low) * self._hop : (stop - low) * self._hop]


class Model:
    """The sessions of one model. May be used by several jobs at a time, from one thread."""

    def __init__(
        self,
        config: Config,
        table: Sequence[int],
        speakers: Mapping[str, Speaker],
        sessions: Mapping[str, Session],
    ) -> None:
        self.config, self.table, self.speakers = config, table, speakers
        self._sessions = sessions

    def begin(self, ids: Sequence[int], speaker: str, speed: float, seed: Sequence[int]) -> Draft:
        """Read an utterance: how long it is, and noise of that length. Same arguments, same sound. Raises GraphError."""
        style = self.speakers[speaker]
        text: dict[str, NDArray[Any]] = {
            "text_ids": np.array([ids], np.int64),
            "text_mask": np.ones((1, 1, len(ids)), np.float32),
        }
        lengths = self._sessions[DURATIONS].run(None, {**text, "style_dp": style.lengths})[0].reshape(-1)
        seconds = float(lengths[0]) / (speed * _NATURAL) if lengths.size == 1 else math.nan
        if not 0 < seconds <= _MAX_S:
            raise GraphError(f"{DURATIONS} gives a length of {seconds:.4g} s for {len(ids)} characters")
        samples = max(1, int(seconds * self.config.ae.sample_rate))
        frames = -(-samples // self.config.hop)
        embedded = self._sessions[ENCODER].run(None, {**text, "style_ttl": style.sound})[0]
        feed = {
            "text_emb": embedded,
            "style_ttl": style.sound,
            "text_mask": text["text_mask"],
            "latent_mask": np.ones((1, 1, frames), np.float32),
            "total_step": np.array([STEPS], np.float32),
        }
        latent = normal(seeded(seed), self.config.channels, frames)
        return Draft(self._sessions[ESTIMATOR], feed, latent, samples)

    def sound(self, latent: Floats, reach: Reach | None) -> Sound:
        """The samples of ``latent``; with ``reach`` they can be taken piece by piece."""
        return Sound(self._sessions[VOCODER], latent, self.config.hop, reach)


def load_model(folder: Path, speakers: Sequence[str]) -> Model:
    """The model in ``folder``, ready to speak. Raises GraphError, UnsupportedMediaError."""
    sessions = {name: saved_session(folder / CUT / name) for name in GRAPHS}
    return Model(
        read_config(folder),
        read_table(folder),
        {name: _speaker(folder, name) for name in speakers},
        sessions,
    )


def _speaker(folder: Path, name: str) -> Speaker:
    style = read_style(folder, name)
    return Speaker(_array(style.style_ttl, name), _array(style.style_dp, name))


def _array(tensor: Tensor, name: str) -> Floats:
    """Raises GraphError when the numbers are not as many as the shape says, or no numbers."""
    try:
        array = np.asarray(tensor.data, np.float32).reshape(tensor.dims)
    except (ValueError, TypeError):
        raise GraphError(f"the style {name} does not hold the numbers that its shape promises") from None
    if not np.isfinite(array).all():
        raise GraphError(f"the style {name} holds numbers without end")
    return array


def _shaped(graph: str, made: NDArray[Any], shape: tuple[int, ...]) -> Floats:
    """``made``, if it is float32 of ``shape``. Raises GraphError."""
    if made.shape != shape or made.dtype != np.float32:
        raise GraphError(f"{graph} gives {made.dtype} of shape {made.shape}; expected float32 of {shape}")
    return made
