"""Utterances spoken straight by an engine, and what can be measured of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from vivavoce.engines.base import Engine
from vivavoce.speech import Boundary, Chunk, Prosody, SampleMark, Utterance

Samples: TypeAlias = NDArray[np.int16]

ALL: Final = 1 << 40
"""A step's worth that no utterance reaches."""

STRANGE: Final = (
    "",
    " ",
    ".",
    "!!!",
    "...",
    "-",
    "😀🎉",
    "\0",
    "\0\0a\0",
    "a\ud800b",
    "\u0301" * 200,
    "a." * 60,
)
"""Texts that are hardly any."""


class Spoken(Struct, frozen=True):
    """What an engine made of an utterance."""

    text: str
    chunks: tuple[Chunk, ...]
    steps: int

    @property
    def pcm(self) -> bytes:
        return b"".join(chunk.pcm for chunk in self.chunks)

    @property
    def samples(self) -> Samples:
        return np.frombuffer(self.pcm, dtype="<i2").astype(np.int16)

    @property
    def marks(self) -> list[SampleMark]:
        return [mark for chunk in self.chunks for mark in chunk.marks]

    @property
    def words(self) -> list[SampleMark]:
        return [mark for mark in self.marks if mark.kind == "word"]

    @property
    def phonemes(self) -> list[SampleMark]:
        return [mark for mark in self.marks if mark.kind == "phoneme"]


def utterance(text: str, voice: str, boundary: Boundary = Boundary.SENTENCE, **more: Any) -> Utterance:
    """``text`` to be spoken; ``more`` are fields of Prosody, ``seed`` and ``phonemes``."""
    own = {name: more.pop(name) for name in ("seed", "phonemes") if name in more}
    return Utterance(
        number=0, voice=voice, language="en", text=text, boundary=boundary, prosody=Prosody(**more), **own
    )


def speak(
    engine: Engine,
    text: str,
    voice: str,
    boundary: Boundary = Boundary.SENTENCE,
    *,
    step: int = ALL,
    **more: Any,
) -> Spoken:
    """All of ``text``, made in steps of ``step`` samples; see :func:`utterance` for ``more``."""
    job = engine.plan(utterance(text, voice, boundary, **more))
    chunks: list[Chunk] = []
    steps = 1
    while not job.step(step, keeping(chunks)):
        steps += 1
    return Spoken(text, tuple(chunks), steps)


def keeping(chunks: list[Chunk], most: int | None = None) -> Callable[[Chunk], bool]:
    """An emit that keeps what comes, and wants no more after ``most`` chunks."""

    def emit(chunk: Chunk) -> bool:
        assert most is None or len(chunks) < most, "emit was called again after it had said stop"
        chunks.append(chunk)
        return most is None or len(chunks) < most

    return emit


def check_marks(spoken: Spoken) -> None:
    """What holds for every engine's marks: spans are the text's, times ascend, end within the audio, and no mark comes
    after the audio it lies in; phonemes tile all of the audio."""
    total = len(spoken.pcm) // 2
    made = 0
    for chunk in spoken.chunks:
        assert len(chunk.pcm) % 2 == 0
        assert all(mark.start >= made for mark in chunk.marks)
        made += len(chunk.pcm) // 2
    for mark in spoken.marks:
        assert 0 <= mark.start <= mark.stop <= total
        assert 0 <= mark.text_start <= mark.text_stop <= len(spoken.text)
    for mark in spoken.words:
        assert mark.value == spoken.text[mark.text_start : mark.text_stop] != ""
    _ascend(spoken.words)
    if spoken.phonemes:
        edges = [mark.start for mark in spoken.phonemes] + [total]
        assert edges[0] == 0
        assert [mark.stop for mark in spoken.phonemes] == edges[1:]


def _ascend(words: Sequence[SampleMark]) -> None:
    for first, second in itertools.pairwise(words):
        assert first.stop <= second.start
        assert first.text_stop <= second.text_start


def f0_hz(samples: Samples, rate_hz: int, low: float = 60.0, high: float = 400.0) -> NDArray[np.float64]:
    """The fundamental frequency every 10 ms where there is a voice, by autocorrelation over 50 ms."""
    found: list[float] = []
    size = round(0.05 * rate_hz)
    for start in range(0, len(samples) - size, rate_hz // 100):
        window = samples[start : start + size].astype(np.float64)
        if np.sqrt(np.mean(window**2)) < 500:
            continue
        spectrum = np.fft.rfft(window - window.mean(), 4 * size)
        echo = np.fft.irfft(np.abs(spectrum) ** 2)[:size] / np.arange(size, 0, -1)
        lags = np.arange(int(rate_hz / high), int(rate_hz / low))
        # Of equal peaks the first counts: the later ones are its multiples.
        best = lags[np.argmax(echo[lags] * np.linspace(1.0, 0.9, len(lags)))]
        if echo[best] > 0.6 * echo[0]:
            found.append(rate_hz / best)
    return np.array(found)
