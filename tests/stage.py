"""A session and an engine made of arithmetic, glued together: no process, no clock, any order of completion."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vivavoce.formats import AudioFormat, audio_format
from vivavoce.session.core import Session
from vivavoce.session.limits import Limits
from vivavoce.session.table import OVER
from vivavoce.speech import Audio, Chunk, Command, End, Event, Open, SampleMark, Text, Utterance, VoiceInfo

RATE_HZ = 24_000
SAMPLES_PER_CHARACTER = 240
VOICE = VoiceInfo(
    id="paper",
    name="Paper",
    engine="paper",
    language="en-US",
    languages=("en-US",),
    gender="neutral",
    rate_hz=RATE_HZ,
    licence="Apache-2.0",
    capabilities=frozenset({"words", "phonemes"}),
)
PCM = audio_format("pcm_s16le", rate_hz=RATE_HZ)


def perform(utterance: Utterance) -> list[Chunk]:
    """The utterance's chunks: 10 ms a character, each word a level of its own, word and phoneme marks exact."""
    marks = []
    levels = np.zeros(len(utterance.text) * SAMPLES_PER_CHARACTER, np.int16)
    for word in re.finditer(r"\S+", utterance.text):
        start, stop = word.start() * SAMPLES_PER_CHARACTER, word.end() * SAMPLES_PER_CHARACTER
        levels[start:stop] = 1000 + sum(map(ord, word.group())) % 8000
        marks.append(SampleMark("word", word.group(), start, stop, word.start(), word.end()))
    pcm = levels.tobytes()
    step = 2 * 700
    pieces = [pcm[i : i + step] for i in range(0, len(pcm), step)]
    return [Chunk(piece, tuple(marks) if i == 0 else ()) for i, piece in enumerate(pieces)]


class Stage:
    """Plays one session to its end; ``pick`` chooses what happens next among the utterances that are being made."""

    def __init__(self, request: Open, *, limits: Limits | None = None, voice: VoiceInfo = VOICE) -> None:
        self.session = Session(request, voice, limits or Limits(), now=0.0)
        self.events: list[Event] = []
        self.spoken: list[Utterance] = []
        self._making: dict[int, list[Chunk]] = {}

    def send(self, *commands: Command) -> None:
        for command in commands:
            self.session.send(command, now=0.0)

    def pull_all(self) -> None:
        while True:
            utterance = self.session.pull()
            if utterance is not None:
                self.spoken.append(utterance)
                self._making[utterance.number] = perform(utterance)
            elif not self.session.more_to_pull:
                return

    def step(self, pick: Callable[[Sequence[int]], int] = min) -> bool:
        """Deliver one chunk, or the end, of one utterance; ``False`` when none is being made."""
        if not self._making:
            return False
        number = pick(sorted(self._making))
        chunks = self._making[number]
        if chunks:
            self.session.take(number, chunks.pop(0))
        else:
            del self._making[number]
            self.session.finish(number)
        return True

    def take(self) -> None:
        """Take all events owed."""
        while self.session.owes:
            batch = self.session.events()
            assert batch, "owes said there was something"
            self.events.extend(batch)

    def play(self, pick: Callable[[Sequence[int]], int] = min) -> list[Event]:
        """Until nothing moves any more."""
        self.pull_all()
        self.take()
        while self.step(pick):
            self.take()
        self.pull_all()
        self.take()
        return self.events


def request(**given: Any) -> Open:
    given.setdefault("format", PCM)
    return Open(voice="paper", **given)


def say(text: str, *, pieces: Sequence[str] | None = None, **given: Any) -> list[Event]:
    """All events of a stream with ``text``, written in ``pieces`` and pulled after each."""
    stage = Stage(request(**given))
    for piece in pieces if pieces is not None else [text]:
        stage.send(Text(piece))
        stage.pull_all()
    stage.send(End())
    events = stage.play()
    assert stage.session.state in OVER
    return events


def chop(text: str, seed: int) -> list[str]:
    """``text`` in random pieces."""
    rng = random.Random(seed)
    pieces, at = [], 0
    while at < len(text):
        size = rng.choice((1, 1, 2, 3, 5, 8, 20))
        pieces.append(text[at : at + size])
        at += size
    return pieces


def audio(events: Sequence[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Audio))


def form(name: str, rate_hz: int | None = None) -> AudioFormat:
    return audio_format(name, rate_hz=rate_hz)
