"""Who may come in: what live streams need of the cores, learnt from the work itself.

A voice's cost is CPU seconds per second of audio, measured on every step; where others use the cores as well, the
time that the worker was busy counts, so that what is admitted fits into what is left. A listener takes one second of audio a
second, so the sum of the costs of all live streams is the number of cores they keep busy. When one more stream would
take that sum past the allowed share, it is refused before anyone stutters. Pure: no clock, no I/O.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from vivavoce.errors import OverloadedError

UNMEASURED_COST: Final = 0.01
"""CPU seconds per audio second of a voice nobody has heard yet: between a formant voice (under 0.005) and a medium
neural one (0.08). It counts as one second of audio, so that it fades within the first sentence, and so that one
costly first step, which prepares a whole sentence, does not pass for the price of the voice."""

HEAVY_COST: Final = 0.08
"""The same for a voice that has to be loaded: what a medium neural one was measured at (docs/benchmarks.md)."""

MEMORY_S: Final = 30.0
"""Seconds of audio over which old measurements fade."""

WHOLE: Final = 20
"""Streams on one core from which on the rest that is too small for one more is not worth counting."""


@dataclass(slots=True)
class _Cost:
    """What a voice took so far; older work counts less."""

    cpu_s: float = UNMEASURED_COST
    audio_s: float = 1.0


class Admission:
    """The budget of one machine."""

    def __init__(self, cores: int, max_load: float, *, retry_after_s: float = 1.0) -> None:
        """``max_load`` is the share of ``cores`` that live streams may need."""
        if cores < 1:
            raise ValueError(f"expected at least one core, got {cores}")
        self._cores = cores
        self._max_load = max_load
        self.retry_after_s = retry_after_s
        """What refused callers are told to wait."""
        self._costs: dict[str, _Cost] = {}
        self._guesses: dict[str, float] = {}
        self._live: Counter[str] = Counter()

    @property
    def streams(self) -> int:
        """Streams admitted and not yet released."""
        return self._live.total()

    @property
    def load(self) -> float:
        """Share of the cores that the live streams need; may pass 1 while a new voice is being measured."""
        return sum(count * self.cost(voice) for voice, count in self._live.items()) / self._cores

    def cost(self, voice: str) -> float:
        """CPU seconds per second of audio, as far as known."""
        known = self._costs.get(voice)
        return self._guesses.get(voice, UNMEASURED_COST) if known is None else known.cpu_s / known.audio_s

    def expect(self, voice: str, cost: float) -> None:
        """Take ``voice`` to cost so much as long as nobody has heard it."""
        self._guesses[voice] = cost

    def refusal(self, voice: str) -> OverloadedError | None:
        """Why one more stream of ``voice`` is not admitted; ``None`` when there is room.

        The only stream of an idle machine is always admitted, however slow its voice.
        """
        needed = sum(count * self._share(name) for name, count in self._live.items()) + self._share(voice)
        if not self.streams or needed <= self._max_load + 1e-9:  # Sums of shares are rounded.
            return None
        return OverloadedError(
            f"one more stream would need {needed:.0%} of the processor where {self._max_load:.0%} is "
            f"allowed; try again in {self.retry_after_s:g} s",
            retry_after_s=self.retry_after_s,
        )

    def admit(self, voice: str) -> None:
        """Count one more stream of ``voice``. Raises OverloadedError, counting nothing, when there is no room."""
        if (refusal := self.refusal(voice)) is not None:
            raise refusal
        self._live[voice] += 1

    def release(self, voice: str) -> None:
        """One stream of ``voice`` is over."""
        if self._live[voice] <= 1:
            del self._live[voice]
        else:
            self._live[voice] -= 1

    def _share(self, voice: str) -> float:
        """The part of all cores that one stream of ``voice`` blocks.

        A stream stays with its worker for an utterance. So of a voice that needs 0.6 of a core, a core carries one
        stream and not one and a half: what is left over beside it counts as taken.
        """
        cost = self.cost(voice)
        fitting = int(self._max_load / cost) if cost > 0 else 0
        return (self._max_load / fitting if 0 < fitting < WHOLE else cost) / self._cores

    def observe(self, voice: str, cpu_s: float, audio_s: float) -> None:
        """Learn from a step that made ``audio_s`` seconds of audio in ``cpu_s`` seconds of CPU.

        A step may make no audio (preparation); its CPU time counts all the same.
        """
        known = self._costs.get(voice)
        if known is None:
            known = self._costs[voice] = _Cost(self._guesses.get(voice, UNMEASURED_COST))
        kept = MEMORY_S / (MEMORY_S + audio_s)
        known.cpu_s = kept * known.cpu_s + cpu_s
        known.audio_s = kept * known.audio_s + audio_s
