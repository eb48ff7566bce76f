"""An independent judge of speech: a recogniser (pocketsphinx, its own English model) that has never heard of us.

Two questions can be put to it. :func:`recognise`: which words are heard? (lost, doubled, reordered or wrong audio shows
as word errors). :func:`align`: when is each word of this text heard? (against the marks: a constant shift, a gap, a
repetition or a cut of 200 ms shows as a start that is off by more than 120 ms.)

Audio has to be prepared: the digital silence that engines, padding and WAV files hold ruins the recogniser's features,
so a little noise is laid under everything (:func:`prepare`). Texts have to be in its dictionary: plain words, numbers
written out. The end of the last word is not to be judged: the aligner swallows the pause behind it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, TypeAlias

import av
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from pocketsphinx import Decoder

Samples: TypeAlias = NDArray[np.int16]

RATE_HZ: Final = 16000
PADDING_S: Final = 0.2
NOISE_RMS: Final = 30
OFF_S: Final = 0.12
"""A word start that is further off than this is wrong: every gap of 300 ms and every repetition of 200 ms makes one."""
_FRAME_S: Final = 0.01

SENTENCES: Final = (
    "I would like a glass of water and some bread.",
    "We have lived in this house for twenty years.",
    "Can you tell me how to get to the airport?",
    "The price of oil has gone down again this month.",
    "It takes about three hours to drive to the city.",
    "Some people believe that time is more important than money.",
    "We should talk about the future of the business.",
    "You can leave your bags at the front desk.",
    "Nobody knows why the train was late this morning.",
    "The small house on the hill is for sale.",
)
"""Everyday sentences in the judge's dictionary, chosen because it heard every word of flite's rms and slt in them and
of espeak-ng's edward all but two: what it no longer hears is a change."""


class Heard(Struct, frozen=True):
    """A word and when it is heard, in seconds of the audio that was given to :func:`prepare`."""

    word: str
    start_s: float
    stop_s: float


class StartErrors(Struct, frozen=True):
    """How far word starts are from the judge's, in seconds; ``bias`` is the median with its sign."""

    count: int
    mean: float
    p95: float
    worst: float
    bias: float


class Errors(Struct, frozen=True):
    """Word errors of one text: substitutions, insertions and deletions of ``words``."""

    errors: int
    words: int

    @property
    def rate(self) -> float:
        return self.errors / max(1, self.words)


def words(text: str) -> list[str]:
    """``text`` as the judge writes it: lower case, no punctuation but apostrophes."""
    return re.findall(r"[a-z']+", text.lower())


def unknown_words(text: str) -> list[str]:
    """Words of ``text`` that are not in the judge's dictionary."""
    return [word for word in words(text) if _listener().lookup_word(word) is None]


def from_pcm(pcm: bytes) -> Samples:
    """int16 little-endian bytes as samples."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.int16)


def decode(data: bytes, container: str | None = None, rate_hz: int | None = None) -> tuple[Samples, int]:
    """A file's samples and their rate. ``container`` and ``rate_hz`` for formats that do not tell ("mulaw", "s16le")."""
    options = {"sample_rate": str(rate_hz), "ch_layout": "mono"} if rate_hz else {}
    pieces: list[Any] = []
    with av.open(io.BytesIO(data), "r", format=container, options=options) as file:
        stream = file.streams.audio[0]
        rate = int(stream.rate)
        to_int16 = av.AudioResampler(format="s16", layout="mono", rate=rate)
        for frame in file.decode(stream):
            pieces += [part.to_ndarray().ravel() for part in to_int16.resample(frame)]
        pieces += [part.to_ndarray().ravel() for part in to_int16.resample(None)]
    return (np.concatenate(pieces) if pieces else np.zeros(0)).astype(np.int16), rate


def resample(samples: Samples, rate_hz: int) -> Samples:
    """``samples`` at the judge's rate."""
    if rate_hz == RATE_HZ or not len(samples):
        return samples
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples).reshape(1, -1), format="s16", layout="mono"
    )
    frame.sample_rate = rate_hz
    parts = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([part.to_ndarray().ravel() for part in parts]).astype(np.int16)


def prepare(samples: Samples, rate_hz: int) -> Samples:
    """``samples`` as the judge can hear them: 16 kHz, padded, with a little noise. Times come out without the padding."""
    padding = np.zeros(round(PADDING_S * RATE_HZ))
    padded = np.concatenate([padding, resample(samples, rate_hz), padding])
    noise = np.random.default_rng(0).normal(0, NOISE_RMS, len(padded))
    return np.clip(np.rint(padded + noise), -32768, 32767).astype(np.int16)


def recognise(prepared: Samples) -> str:
    """The words that are heard, without knowing the text."""
    decoder = _listener()
    _hear(decoder, prepared)
    hypothesis = decoder.hyp()
    return str(hypothesis.hypstr) if hypothesis else ""


def align(prepared: Samples, text: str) -> list[Heard] | None:
    """When each word of ``text`` is heard; ``None`` when the audio cannot be that text."""
    decoder = _aligner()
    decoder.set_align_text(" ".join(words(text)))
    try:
        _hear(decoder, prepared)
    except RuntimeError:
        _aligner.cache_clear()
        return None
    if decoder.hyp() is None:
        return None
    found = [
        Heard(
            segment.word.split("(")[0],
            segment.start_frame * _FRAME_S - PADDING_S,
            (segment.end_frame + 1) * _FRAME_S - PADDING_S,
        )
        for segment in decoder.seg()
        if segment.word[0] not in "<[("
    ]
    return found if [heard.word for heard in found] == words(text) else None


def starts(samples: Samples, rate_hz: int, text: str, marked: Sequence[int]) -> list[tuple[float, float]]:
    """For each word of ``text`` the second at which a mark (in samples) says it begins, and at which it is heard to."""
    found = align(prepare(samples, rate_hz), text)
    assert found is not None, text
    assert len(found) == len(marked)
    return [(mark / rate_hz, word.start_s) for mark, word in zip(marked, found, strict=True)]


def word_errors(expected: str, heard: str) -> Errors:
    """The least number of word errors that lead from ``expected`` to ``heard``."""
    wanted, got = words(expected), words(heard)
    row = list(range(len(got) + 1))
    for i, word in enumerate(wanted, 1):
        above, row = row, [i]
        for j, other in enumerate(got, 1):
            row.append(min(row[-1] + 1, above[j] + 1, above[j - 1] + (word != other)))
    return Errors(row[-1], len(wanted))


def word_error_rate(pairs: Sequence[tuple[str, str]]) -> float:
    """The share of word errors over all (expected, heard) texts together."""
    counted = [word_errors(expected, heard) for expected, heard in pairs]
    return Errors(sum(c.errors for c in counted), sum(c.words for c in counted)).rate


def start_errors(pairs: Sequence[tuple[float, float]]) -> StartErrors:
    """Statistics of (marked start, heard start) in seconds. Raises ValueError when there are none."""
    if not pairs:
        raise ValueError("expected at least one pair of starts")
    off = np.array([marked - heard for marked, heard in pairs])
    size = np.abs(off)
    return StartErrors(
        len(pairs),
        float(size.mean()),
        float(np.percentile(size, 95)),
        float(size.max()),
        float(np.median(off)),
    )


def check_starts(pairs: Sequence[tuple[float, float]]) -> None:
    """Fails unless (marked, heard) starts agree as well as those of right speech do (measured: mean 11 to 14 ms)."""
    found = start_errors(pairs)
    assert found.mean <= 0.025, found
    assert found.p95 <= 0.080, found
    assert found.worst <= 0.160, found
    assert abs(found.bias) <= 0.020, found


@cache
def _listener() -> Any:
    # A narrower search than its usual 30,000 takes three quarters of the time for the same errors.
    return Decoder(samprate=RATE_HZ, loglevel="FATAL", maxhmmpf=3000)


@cache
def _aligner() -> Any:
    return Decoder(samprate=RATE_HZ, loglevel="FATAL", lm=None)


def _hear(decoder: Any, prepared: Samples) -> None:
    decoder.start_utt()
    decoder.process_raw(prepared.tobytes(), full_utt=True)
    decoder.end_utt()
