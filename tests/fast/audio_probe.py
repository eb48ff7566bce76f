"""Ears for the audio tests: signals, decoders that are not ours, and measures.

Decoding is done by FFmpeg (through PyAV), libsndfile and the standard library's ``wave``.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import av
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from vivavoce.audio.encoder import Encoder
from vivavoce.audio.pcm import Samples

Wave: TypeAlias = NDArray[np.float64]

SIZES = st.lists(st.integers(0, 1500), min_size=1, max_size=6)
"""How to cut a stream; see :func:`pieces`."""

_CONTAINERS = {"mp3": "mp3", "opus": "ogg", "aac": "aac", "flac": "flac", "wav": "wav", "mulaw": "mulaw"}


def tone(rate_hz: int, seconds: float, hz: float = 440.0, level: float = 0.5) -> Samples:
    """A sine that starts at zero."""
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    return (level * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def voiced(rate_hz: int, seconds: float, hz: float = 120.0, glide_hz: float = 60.0) -> Samples:
    """Something like a vowel: harmonics up to 3 kHz over a gliding pitch, swelling four times a second from zero."""
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    phase = 2 * np.pi * (hz * time + glide_hz * time**2 / (2 * seconds))
    top = int(min(3000.0, 0.45 * rate_hz) / (hz + glide_hz))
    wave = sum((np.sin(k * phase + k * k) / k for k in range(1, top + 1)), np.zeros(len(time)))
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * 4 * time)
    return (0.3 * wave * swell).astype(np.float32)


def pieces(samples: Samples, sizes: Sequence[int]) -> Iterator[Samples]:
    """``samples`` cut into runs of these sizes, over and over (zeros give empty pieces)."""
    at = turn = 0
    while at < len(samples):
        size = sizes[turn % len(sizes)] if any(sizes) else len(samples)
        yield samples[at : at + size]
        at += size
        turn += 1
    yield samples[:0]


def encoded(encoder: Encoder, samples: Samples, sizes: Sequence[int] = (480,)) -> bytes:
    return b"".join(encoder.feed(piece) for piece in pieces(samples, sizes)) + encoder.flush()


def decoded(data: bytes, name: str, rate_hz: int) -> tuple[Wave, int]:
    """The samples that FFmpeg finds in ``data``, and their rate. ``rate_hz`` matters for headerless formats."""
    if name == "pcm_s16le":
        return np.frombuffer(data, "<i2") / 32768.0, rate_hz
    if name == "pcm_f32le":
        return np.frombuffer(data, "<f4").astype(np.float64), rate_hz
    options = {"sample_rate": str(rate_hz)} if name in ("mulaw", "alaw") else {}
    with av.open(io.BytesIO(data), "r", format=_CONTAINERS.get(name, name), options=options) as container:
        frames = list(container.decode(audio=0))
    found = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)[0]
    scale = 1.0 if found.dtype.kind == "f" else float(-np.iinfo(found.dtype).min)
    return found.astype(np.float64) / scale, frames[0].sample_rate


def level_db(samples: Samples | Wave) -> float:
    """RMS relative to full scale."""
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


def peak_hz(samples: Samples | Wave, rate_hz: int) -> float:
    """Where the spectrum is highest, refined between two bins."""
    spectrum = np.log(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) + 1e-12)
    top = int(np.argmax(spectrum[1:-1])) + 1
    left, middle, right = spectrum[top - 1 : top + 2]
    return float((top + 0.5 * (left - right) / (left - 2 * middle + right)) * rate_hz / len(samples))


def pitch_hz(samples: Samples | Wave, rate_hz: int) -> float:
    """The fundamental, 25 to 1000 Hz: the first deep dip of the normalised difference (YIN)."""
    wave = np.asarray(samples, np.float64)
    longest = rate_hz // 25
    window = len(wave) - longest - 1
    gaps = np.array([np.sum((wave[:window] - wave[lag : lag + window]) ** 2) for lag in range(longest + 1)])
    mean = np.maximum(np.cumsum(gaps), 1e-12) / np.maximum(np.arange(longest + 1), 1)
    depth = gaps / mean
    lag = rate_hz // 1000
    while lag < longest - 1 and not (depth[lag] < 0.25 and depth[lag] <= depth[lag + 1]):
        lag += 1
    return rate_hz / lag


def roughness(samples: Samples | Wave) -> float:
    """The largest second difference: a click stands out as a jump of its own height."""
    return float(np.max(np.abs(np.diff(np.asarray(samples, np.float64), 2))))


def lag(late: Samples | Wave, early: Samples | Wave, most: int) -> int:
    """By how many samples ``late`` trails ``early``, 0 to ``most``."""
    core = np.asarray(early, np.float64)[: len(early) - most]
    later = np.asarray(late, np.float64)[: len(core) + most]
    # Correlation by spectra: as exact here as the direct sum, and 16 s faster at 44.1 kHz.
    size = len(later) + len(core)
    likeness = np.fft.irfft(np.fft.rfft(later, size) * np.conj(np.fft.rfft(core, size)), size)
    return int(np.argmax(likeness[: len(later) - len(core) + 1]))
