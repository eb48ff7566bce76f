"""Which voices have to be loaded, what they take, and what each worker's utterances under way hold in its memory. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from vivavoce.engines.base import model_of
from vivavoce.runtime.shelf import check_size

SPARE_MB: Final = 100.0
SPARE_LOAD_S: Final = 0.5
"""A spare worker is kept, where the settings leave it open, once a voice takes more than this: then a crash would cost
its listeners more than the start of a process (0.3 s), and a spare its memory only where memory is spent anyway."""


class Placement:
    """The heavy voices of ``workers`` workers with ``bound_mb`` MiB each."""

    def __init__(self, workers: int, bound_mb: float) -> None:
        self._bound_mb = bound_mb
        self._memory_mb: dict[str, float] = {}
        self._removed: frozenset[str] = frozenset()
        self._aboard: list[Counter[str]] = [Counter() for _ in range(workers)]

    def learn(self, memory_mb: Mapping[str, float]) -> None:
        """What a worker says that its models take."""
        self._memory_mb.update(memory_mb)

    def keep(self, voices: Iterable[str]) -> None:
        """Which voices can still be loaded: models that none of them uses were removed."""
        self._removed = frozenset(self._memory_mb) - {model_of(voice) for voice in voices}

    def lose(self, model: str) -> None:
        """A worker could not load ``model``: as if it was removed, until :meth:`keep` says what there is."""
        if model in self._memory_mb:
            self._removed |= {model}

    def reachable(self, model: object, at_hand: Collection[str], others: Iterable[Collection[str]]) -> bool:
        """Whether a worker with ``at_hand`` may be given ``model``. One that was removed stays with the workers that
        have it, as long as any of ``others`` does; when none does, it may be tried anywhere, and will fail."""
        if model not in self._removed or model in at_hand:
            return True
        return not any(model in other for other in others)

    def heavy(self, voice: str) -> str | None:
        """The model of ``voice`` if it has to be loaded, else ``None``."""
        model = model_of(voice)
        return model if model in self._memory_mb else None

    def check(self, voice: str) -> None:
        """Raises EngineError when ``voice`` alone would take more memory than there may be."""
        if (model := self.heavy(voice)) is not None:
            check_size(model, self._memory_mb[model], self._bound_mb)

    def board(self, worker: int, voice: str) -> None:
        """An utterance of ``voice`` begins in ``worker``, which keeps the voice loaded as long as it lasts."""
        if (model := self.heavy(voice)) is not None:
            self._aboard[worker][model] += 1

    def land(self, worker: int, voice: str) -> None:
        """It is over."""
        if (model := self.heavy(voice)) is not None:
            self._aboard[worker][model] -= 1
            if self._aboard[worker][model] <= 0:
                del self._aboard[worker][model]

    def clear(self, worker: int) -> None:
        """The process of ``worker`` has ended, and all that it held."""
        self._aboard[worker].clear()

    def fits(self, worker: int, model: object) -> bool:
        """Whether ``worker`` can have ``model`` beside the voices at work in it."""
        at_work = self._aboard[worker]
        if not isinstance(model, str) or model in at_work:
            return True
        return sum(map(self._memory_mb.__getitem__, at_work)) + self._memory_mb[model] <= self._bound_mb

    def held_mb(self, at_hand: Collection[str]) -> float:
        """What the heavy ones of ``at_hand`` take."""
        return sum(self._memory_mb.get(model, 0.0) for model in at_hand)

    def wants_spare(self, voice: str, took_s: float) -> bool:
        """Whether ``voice``, which took so long to load, makes a spare worker worth its memory."""
        model = self.heavy(voice)
        return model is not None and (self._memory_mb[model] > SPARE_MB or took_s > SPARE_LOAD_S)
