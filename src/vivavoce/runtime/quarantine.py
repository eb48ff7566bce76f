"""Voices that end their workers: counted, and after a few times not used again. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from vivavoce.errors import VoiceQuarantinedError, quoted


class Quarantine:
    """A voice is in it from its ``after``-th crime on, until the server starts again."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._crimes: Counter[str] = Counter()

    def __contains__(self, voice: str) -> bool:
        return self._crimes[voice] >= self._after

    def __len__(self) -> int:
        return sum(count >= self._after for count in self._crimes.values())

    def blame(self, voices: Iterable[str]) -> None:
        """Each of ``voices`` has ended a worker."""
        self._crimes.update(voices)

    def error(self, voice: str) -> VoiceQuarantinedError:
        """What its streams are told."""
        return VoiceQuarantinedError(
            f"the voice {quoted(voice)} ended its worker {self._crimes[voice]} times and is not used until "
            "the server starts again; choose another voice",
            param="voice",
        )
