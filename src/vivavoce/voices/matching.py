"""Matching: which installed voice comes nearest to a recording, and how far its pitch has to move.

Nothing is cloned. The recording's median fundamental frequency is measured by autocorrelation; the nearest voice is
the one of the recording's (or the wanted) gender, moved by the semitones between the two medians.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import UnsupportedMediaError
from vivavoce.speech import Gender

RATE_HZ: Final = 16_000
FRAME: Final = RATE_HZ * 40 // 1000
HOP: Final = RATE_HZ * 10 // 1000
LOWEST_HZ: Final = 60.0
HIGHEST_HZ: Final = 400.0
VOICED: Final = 0.45
"""Normalised autocorrelation from which a frame counts as voiced."""
LONGEST_S: Final = 60.0
"""More of a recording than this tells nothing new about its pitch."""
WOMAN_FROM_HZ: Final = 155.0
"""Median pitch that parts most men's voices from most women's (about 120 and 210 Hz in conversation)."""
MOST_SEMITONES: Final = 6.0
CONTAINERS: Final = "wav,w64,aiff,au,caf,mp3,flac,ogg,aac,mov,mp4,m4a,matroska,webm,amr,asf"
"""What a recording may be. FFmpeg knows formats that are lists of other files and of addresses (concat, HLS, DASH): an
upload of such a one would have this server read its own disk, or ask around in its own network."""


def samples(data: bytes) -> NDArray[np.float32]:
    """``data``, any audio file, as mono at 16 kHz, at most the first minute.

    Raises UnsupportedMediaError when it is no audio.
    """
    import av  # a heavy import that only this rare call needs

    parts: list[NDArray[np.float32]] = []
    inert = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
    try:
        with av.open(io.BytesIO(data), "r", container_options=inert) as container:
            resampler = av.AudioResampler("flt", "mono", RATE_HZ)
            for frame in container.decode(audio=0):
                parts.extend(out.to_ndarray()[0] for out in resampler.resample(frame))
                if sum(map(len, parts)) > LONGEST_S * RATE_HZ:
                    break
    except (av.FFmpegError, IndexError, ValueError):
        raise UnsupportedMediaError("the file is no audio that can be read; expected WAV or MP3") from None
    if not parts:
        raise UnsupportedMediaError("the file holds no audio; expected a recording of a voice")
    return np.concatenate(parts).astype(np.float32)


def median_pitch_hz(audio: NDArray[np.float32]) -> float | None:
    """Median fundamental frequency of the voiced parts; ``None`` when nothing is voiced."""
    if len(audio) < FRAME:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(audio, FRAME)[::HOP].astype(np.float64)
    frames = frames - frames.mean(axis=1, keepdims=True)
    energy = (frames**2).sum(axis=1)
    loud = energy > 0.02 * np.quantile(energy, 0.95)
    frames = frames[loud & (energy > 1e-6)]
    if not len(frames):
        return None
    spectrum = np.fft.rfft(frames, 2 * FRAME, axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :FRAME]
    # A frame has fewer pairs of samples at longer lags: compare like with like.
    correlation /= correlation[:, :1] * (1 - np.arange(FRAME) / FRAME)
    low, high = int(RATE_HZ / HIGHEST_HZ), int(RATE_HZ / LOWEST_HZ)
    lags = correlation[:, low : high + 1]
    best = lags.max(axis=1)
    # The first lag that is nearly as good as the best one is the period; the best itself may be a multiple of it.
    period = (lags >= 0.9 * best[:, None]).argmax(axis=1) + low
    voiced = period[best > VOICED]
    return float(RATE_HZ / np.median(voiced)) if len(voiced) else None


def gender_of(pitch_hz: float | None) -> Gender:
    """The gender that a median pitch suggests; "neutral" when there is none."""
    if pitch_hz is None:
        return "neutral"
    return "female" if pitch_hz >= WOMAN_FROM_HZ else "male"


def nearest(pitches: Mapping[str, float | None], pitch_hz: float | None) -> tuple[str, float]:
    """Which of the voices with these median pitches (by id, best voice first, not empty) comes nearest to
    ``pitch_hz``, and the semitones that it has to move, at most six. Unknown pitches leave the first as it is."""
    known = {voice: math.log2(own) for voice, own in pitches.items() if own is not None}
    if pitch_hz is None or not known:
        return next(iter(pitches)), 0.0
    wanted = math.log2(pitch_hz)
    voice = min(known, key=lambda one: abs(known[one] - wanted))
    semitones = 12 * (wanted - known[voice])
    return voice, round(max(-MOST_SEMITONES, min(MOST_SEMITONES, semitones)), 2)
