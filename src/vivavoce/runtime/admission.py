"""Who may come in: what live streams need of the cores, learnt from the work itself.

A model's cost is CPU seconds per second of audio, measured on every step; its voices share it, however many they are.
Where others use the cores as well, the time that the worker was busy counts, so that what is admitted fits into what is
left. A listener takes one second of audio a second, so the sum of the costs of all live streams is the number of cores
they keep busy, and what the front process takes for each of them comes on top. When one more stream would take that sum
past the allowed share, it is refused before anyone stutters. Pure: no clock, no I/O.

A *newcomer* needs more than its share: the work before its first audio, and soon after it the same again for the next
utterance, while it has hardly any audio in hand. A hundred that come in the same moment would all start in time and
then all run dry. So whoever has not got ``SETTLED_S`` of audio yet counts with that work as well. On a machine with
room that takes a moment; only a crowd that comes at once is let in more slowly than the cores would carry in the end.
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

FRONT_COST: Final = 0.002
"""CPU seconds of the front process per second of audio, until it is measured: raw samples over HTTP."""

MEMORY_S: Final = 120.0
"""Seconds of audio over which old measurements fade: several utterances, for their first steps cost more than others."""

SETTLED_S: Final = 1.5
"""Audio that a stream gets as a newcomer: its first, short utterance and the beginning of the next."""

START_S: Final = 1.0
"""Time within which a newcomer needs the work before an utterance once more: the length of a first utterance (some
four words). In simulations with fast and slow steps, bursts up to the limit that follows starved nobody
(decisions/006)."""

FRONT_AUDIO_S: Final = 0.6
"""The work before an utterance as that of so much audio, until it is measured."""

_STARTS: Final = 8.0
"""Utterances over which old measurements of that work fade."""

WHOLE: Final = 8
"""Streams on one core from which on the rest that is too small for one more is not worth counting."""


@dataclass(slots=True)
class _Cost:
    """What a model took so far; older work counts less."""

    cpu_s: float = UNMEASURED_COST
    audio_s: float = 1.0
    start_s: float = 0.0
    """CPU seconds before the first audio of an utterance."""


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
        self._new: Counter[str] = Counter()
        """Those of the live that are newcomers."""
        self._front = _Cost(FRONT_COST)

    @property
    def streams(self) -> int:
        """Streams admitted and not yet released."""
        return self._live.total()

    @property
    def load(self) -> float:
        """Share of the cores that the live streams need; may pass 1 while a new model is being measured."""
        return sum(count * self._all_in(model) for model, count in self._live.items()) / self._cores

    def cost(self, model: str) -> float:
        """CPU seconds of a worker per second of audio, as far as known."""
        known = self._costs.get(model)
        return self._guess(model) if known is None else known.cpu_s / known.audio_s

    def start_s(self, model: str) -> float:
        """CPU seconds before the first audio of an utterance, as far as known."""
        known = self._costs.get(model)
        return FRONT_AUDIO_S * self._guess(model) if known is None else known.start_s

    @property
    def front_cost(self) -> float:
        """CPU seconds of the front process per second of audio, as far as known."""
        return self._front.cpu_s / self._front.audio_s

    def expect(self, model: str, cost: float) -> None:
        """Take ``model`` to cost so much as long as nobody has heard it."""
        self._guesses[model] = cost

    def refusal(self, model: str) -> OverloadedError | None:
        """Why one more stream of ``model`` is not admitted; ``None`` when there is room.

        The only stream of an idle machine is always admitted, however slow its model.
        """
        needed = sum(map(self._needed, self._live)) + self._share(self._starting(model))
        front = (self.streams + 1) * self.front_cost  # It is one process, on one core.
        needed = max(needed, front)
        if not self.streams or needed <= self._max_load + 1e-9:  # Sums of shares are rounded.
            return None
        return OverloadedError(
            f"one more stream would need {needed:.0%} of the processor where {self._max_load:.0%} is "
            f"allowed; try again in {self.retry_after_s:g} s",
            retry_after_s=self.retry_after_s,
        )

    def admit(self, model: str) -> None:
        """Count one more stream of ``model``, a newcomer. Raises OverloadedError, counting nothing, when there is no
        room."""
        if (refusal := self.refusal(model)) is not None:
            raise refusal
        self._live[model] += 1
        self._new[model] += 1

    def settle(self, model: str) -> None:
        """One stream of ``model`` is no newcomer any more: ``SETTLED_S`` of audio were made for it."""
        _take(self._new, model)

    def release(self, model: str, *, settled: bool) -> None:
        """One stream of ``model`` is over, which :meth:`settle` was called for, or not."""
        _take(self._live, model)
        if not settled:
            _take(self._new, model)

    def observe(self, model: str, cpu_s: float, audio_s: float) -> None:
        """Learn from a step that made ``audio_s`` seconds of audio in ``cpu_s`` seconds of CPU.

        A step may make no audio (preparation); its CPU time counts all the same.
        """
        _learn(self._known(model), cpu_s, audio_s)

    def observe_start(self, model: str, cpu_s: float, audio_s: float = 0.0) -> None:
        """Learn that the steps of an utterance up to its first audio took ``cpu_s`` seconds of CPU, and that the last
        of them made ``audio_s`` seconds of it. Each of them was observed before."""
        known = self._known(model)
        before_s = max(0.0, cpu_s - audio_s * known.cpu_s / known.audio_s)
        known.start_s += (before_s - known.start_s) / _STARTS

    def observe_front(self, cpu_s: float, audio_s: float) -> None:
        """Learn that the front process took ``cpu_s`` seconds of CPU while ``audio_s`` of audio were made."""
        _learn(self._front, cpu_s, audio_s)

    def _known(self, model: str) -> _Cost:
        if (known := self._costs.get(model)) is None:
            guess = self._guess(model)
            known = self._costs[model] = _Cost(guess, start_s=FRONT_AUDIO_S * guess)
        return known

    def _guess(self, model: str) -> float:
        return self._guesses.get(model, UNMEASURED_COST)

    def _all_in(self, model: str) -> float:
        """Cores that one settled stream of ``model`` keeps busy."""
        return self.cost(model) + self.front_cost

    def _starting(self, model: str) -> float:
        """The same of a newcomer."""
        return self._all_in(model) + self.start_s(model) / START_S

    def _needed(self, model: str) -> float:
        """The part of all cores that the live streams of ``model`` block."""
        new = self._new[model]
        return (self._live[model] - new) * self._share(self._all_in(model)) + new * self._share(
            self._starting(model)
        )

    def _share(self, cost: float) -> float:
        """The part of all cores that one stream that keeps ``cost`` cores busy blocks.

        A stream stays with its worker for an utterance. So of a model that needs 0.6 of a core, a core carries one
        stream and not one and a half: what is left over beside it counts as taken.
        """
        fitting = int(self._max_load / cost) if cost > 0 else 0
        return (self._max_load / fitting if 0 < fitting < WHOLE else cost) / self._cores


def _learn(known: _Cost, cpu_s: float, audio_s: float) -> None:
    """Add a measurement, and let the older ones fade by as much audio."""
    kept = MEMORY_S / (MEMORY_S + audio_s)
    known.cpu_s = kept * known.cpu_s + cpu_s
    known.audio_s = kept * known.audio_s + audio_s


def _take(counts: Counter[str], model: str) -> None:
    if counts[model] <= 1:
        del counts[model]
    else:
        counts[model] -= 1
