"""A stream's place in the pool, and the utterance that it has under way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from vivavoce.engines.base import model_of
from vivavoce.runtime.backend import Source
from vivavoce.runtime.metrics import StreamMetrics
from vivavoce.runtime.reserve import Slot
from vivavoce.speech import Utterance, VoiceInfo


@dataclass(eq=False, slots=True)
class Flight:
    """An utterance under way."""

    number: int
    seat: Seat
    utterance: Utterance
    tries_left: int
    slot: Slot | None = None
    """Where the worker is that has it; ``None`` before its first step."""
    heard: bool = False
    preparing_s: float | None = 0.0
    """How long its worker was busy with it so far; ``None`` from its first audio on."""


class Usher(Protocol):
    """What seats ask of the pool."""

    def wake(self, seat: Seat) -> None: ...

    def delivered(self, seat: Seat, seconds: float) -> None: ...

    def hold(self, seat: Seat, held: bool) -> None: ...

    def leave(self, seat: Seat) -> None: ...


class Seat:
    """See :class:`~vivavoce.runtime.backend.Seat`. Everything is a no-op after ``leave``."""

    def __init__(self, usher: Usher, source: Source, voice: VoiceInfo, dialect: str = "") -> None:
        self._usher = usher
        self.source = source
        self.voice = voice
        self.dialect = dialect
        self.metrics: StreamMetrics
        """Set when the stream is let in, or may wait."""
        self.flight: Flight | None = None
        self.admitted = self.settled = self.gone = False
        """Let in; no newcomer any more; left."""
        self.woken_at: float | None = None
        """When there was first something to say."""
        self.unserved = self.unheard = True
        self.made_s = self.cpu_s = 0.0

    @cached_property
    def model(self) -> str:
        """What is loaded for its voice."""
        return model_of(self.voice.id)

    def wake(self) -> None:
        if not self.gone:
            self._usher.wake(self)

    def delivered(self, seconds: float) -> None:
        if not self.gone:
            self._usher.delivered(self, seconds)

    def hold(self, held: bool) -> None:
        if not self.gone:
            self._usher.hold(self, held)

    def leave(self) -> None:
        if not self.gone:
            self.gone = True
            self._usher.leave(self)

    def turn(self, now: float) -> None:
        """Its first turn has come, if this is it."""
        if self.unserved and self.woken_at is not None:
            self.unserved = False
            self.metrics.queue_wait(now - self.woken_at)

    def heard(self, now: float) -> None:
        """Its first audio has come, if this is it."""
        if self.unheard and self.woken_at is not None:
            self.unheard = False
            self.metrics.first_audio(now - self.woken_at)

    def worked(self, made_s: float, cpu_s: float) -> None:
        """A step was made for it."""
        self.made_s += made_s
        self.cpu_s += cpu_s
        self.metrics.step(made_s, cpu_s)
