"""Tones for tests: every word a sine of its own pitch, exact in length and marks, without any library.

The text can hold commands, which are obeyed where they stand, make no sound and have no mark:

* ``{{fail}}`` raises EngineError; ``{{crash}}`` kills the process as a signal would; ``{{hang}}`` never returns;
* ``{{delay 50}}`` (or ``{{delay:50}}``) sleeps 50 ms.

=============  ==================================================================================================
voice          what is special
=============  ==================================================================================================
tone           nothing: no speed, no pitch, so that a session does them to the samples
tone-native    changes its rate of speech itself
tone-slow      keeps the processor busy for a fifth of the audio's length
tone-noise     a little noise from the seed
tone-heavy     has to be loaded, as if it took 300 MiB
tone-heavier   the same with 600 MiB
=============  ==================================================================================================
"""

from __future__ import annotations

import os
import re
import signal
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from vivavoce.engines.base import Emit
from vivavoce.errors import EngineError, quoted
from vivavoce.speech import Boundary, Capability, Chunk, Gender, SampleMark, Utterance, VoiceInfo

RATE_HZ: Final = 24000
CHARACTER_SAMPLES: Final = 1440
"""60 ms of tone for every character of a word, at speed 1."""
GAP_SAMPLES: Final = 480
"""20 ms of silence after every word."""
PAUSE_SAMPLES: Final = {Boundary.NONE: 0, Boundary.CLAUSE: 2400, Boundary.SENTENCE: 4800}
AMPLITUDE: Final = 8000
NOISE_AMPLITUDE: Final = 500
BUSY_SHARE: Final = 0.2
"""Computing time of ``tone-slow`` as a share of the audio's length."""

_FADE_SAMPLES: Final = 120
_PART: Final = re.compile(
    r"\{\{(?P<command>fail|crash|hang|delay)(?:[ :]+(?P<number>\d+))?\}\}|(?:(?!\{\{)\S|\{\{)+?(?=\s|\{\{|$)"
)
_PLAIN: Final[frozenset[Capability]] = frozenset({"words", "phonemes"})
_CAPABILITIES: Final[dict[str, frozenset[Capability]]] = {
    "tone": _PLAIN,
    "tone-native": _PLAIN | {"speed"},
    "tone-noise": _PLAIN,
    "tone-slow": _PLAIN,
    "tone-heavy": _PLAIN,
    "tone-heavier": _PLAIN,
}
_MEMORY_MB: Final = {"tone-heavy": 300.0, "tone-heavier": 600.0}


class ToneEngine:
    """The six voices. Only for who names the engine; see ``registry.ON_REQUEST``."""

    name = "tone"

    def __init__(self) -> None:
        self.loaded: set[str] = set()
        """Heavy voices that are at hand."""

    def voices(self) -> Sequence[VoiceInfo]:
        return [
            VoiceInfo(
                id=voice,
                name=voice,
                engine=self.name,
                language="en",
                languages=("en",),
                gender="neutral",
                rate_hz=RATE_HZ,
                licence="Apache-2.0",
                description="Tones instead of words, for tests.",
                capabilities=capabilities,
                rank=1000,
            )
            for voice, capabilities in _CAPABILITIES.items()
        ]

    def speakers(self) -> Mapping[str, Gender]:
        return {}

    def load(self, voice: str) -> None:
        if voice not in _CAPABILITIES:
            raise EngineError(f"tone: expected one of {', '.join(_CAPABILITIES)}, got {quoted(voice)}")
        if voice in _MEMORY_MB:
            self.loaded.add(voice)

    def memory_mb(self, model: str) -> float:
        return _MEMORY_MB.get(model, 0.0)

    def unload(self, model: str) -> None:
        self.loaded.discard(model)

    def plan(self, utterance: Utterance) -> ToneJob:
        self.load(utterance.voice)
        return ToneJob(utterance)


class Part(Struct, frozen=True):
    """A word or a command of the text."""

    start: int
    stop: int
    command: str | None = None
    number: int = 0


def parts(text: str) -> list[Part]:
    """The words of ``text``, as white space and commands divide them, and the commands."""
    return [
        Part(*found.span(), found["command"], int(found["number"] or 0)) for found in _PART.finditer(text)
    ]


class ToneJob:
    """One utterance; a part of the text at a time is rendered and handed out in pieces."""

    def __init__(self, utterance: Utterance) -> None:
        self._utterance = utterance
        native = "speed" in _CAPABILITIES[utterance.voice]
        self._speed = utterance.prosody.speed if native else 1.0
        self._random = np.random.default_rng(utterance.seed) if utterance.voice == "tone-noise" else None
        self._parts = parts(utterance.text)
        self._next = 0
        self._made = 0
        """Samples rendered so far."""
        self._pcm = b""
        self._marks: tuple[SampleMark, ...] = ()
        self._paused = False

    def step(self, max_samples: int, emit: Emit) -> bool:
        """Makes exactly ``max_samples``, or what is left."""
        owed = 2 * max(1, max_samples)
        while owed:
            if not self._pcm and not self._render():
                return True
            piece, self._pcm = self._pcm[:owed], self._pcm[owed:]
            owed -= len(piece)
            marks, self._marks = self._marks, ()
            if self._utterance.voice == "tone-slow":
                _keep_busy(BUSY_SHARE * len(piece) / 2 / RATE_HZ)
            if not emit(Chunk(piece, marks)):
                self.cancel()
                return True
        return not self._pcm and self._paused

    def cancel(self) -> None:
        self._parts, self._pcm, self._paused = [], b"", True

    def _render(self) -> bool:
        """Make the next part's samples; ``False`` when there is none."""
        while self._next < len(self._parts):
            part = self._parts[self._next]
            self._next += 1
            if part.command is None:
                self._word(part)
                return True
            _COMMANDS[part.command](part.number)
        if self._paused:
            return False
        self._paused = True
        pause = round(PAUSE_SAMPLES[self._utterance.boundary] * self._utterance.pause)
        if self._utterance.phonemes and pause:
            at = len(self._utterance.text)
            self._marks = (SampleMark("phoneme", "", self._made, self._made + pause, at, at),)
        self._made += pause
        self._pcm = bytes(2 * pause)
        return pause > 0

    def _word(self, part: Part) -> None:
        text = self._utterance.text[part.start : part.stop]
        length = round(CHARACTER_SAMPLES / self._speed)
        gap = round(GAP_SAMPLES / self._speed)
        self._pcm = self._sine(text, length * len(text)) + bytes(2 * gap)
        start, stop = self._made, self._made + length * len(text)
        marks = [SampleMark("word", text, start, stop, part.start, part.stop)]
        if self._utterance.phonemes:
            for i, c in enumerate(text):
                at = part.start + i
                marks.append(
                    SampleMark("phoneme", c.lower(), start + i * length, start + (i + 1) * length, at, at + 1)
                )
            marks.append(SampleMark("phoneme", "", stop, stop + gap, part.stop, part.stop))
        self._marks = tuple(marks)
        self._made = stop + gap

    def _sine(self, word: str, samples: int) -> bytes:
        wave = AMPLITUDE * np.sin(2 * np.pi * pitch_hz(word) / RATE_HZ * np.arange(samples))
        fade = np.minimum(1.0, np.arange(samples) / _FADE_SAMPLES)
        wave *= fade * fade[::-1]
        if self._random is not None:
            wave += NOISE_AMPLITUDE * self._random.standard_normal(samples)
        return bytes(np.clip(np.rint(wave), -32768, 32767).astype("<i2").tobytes())


def pitch_hz(word: str) -> float:
    """The pitch of ``word``, 200 to 1000 Hz."""
    return 200.0 + zlib.crc32(word.encode("utf-8", "replace")) % 801


def _keep_busy(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def _fail(number: int) -> None:
    raise EngineError("the text asked the tone engine to fail")


def _crash(number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hang(number: int) -> None:
    while True:
        time.sleep(3600)


def _delay(number: int) -> None:
    time.sleep(number / 1000)


_COMMANDS: Final[dict[str, Callable[[int], None]]] = {
    "fail": _fail,
    "crash": _crash,
    "hang": _hang,
    "delay": _delay,
}
