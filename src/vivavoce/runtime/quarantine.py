"""Voices that end their workers: counted, and after a few times not used again. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from vivavoce.errors import VoiceQuarantinedError, quoted

FORGIVEN_AFTER: Final = 200
"""Utterances spoken to their end that make up for one crime: a worker that something else ended once in a while, a
system short of memory, say, does not add up to a voice that kills."""


class Quarantine:
    """A voice is in it from its ``after``-th crime on that good work has not made up for, until the server starts
    again."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._crimes: Counter[str] = Counter()
        self._good: Counter[str] = Counter()
        """Utterances of accused voices since the last crime that was forgiven."""

    def __contains__(self, voice: str) -> bool:
        return self._crimes.get(voice, 0) >= self._after

    def __len__(self) -> int:
        return sum(count >= self._after for count in self._crimes.values())

    def blame(self, voices: Iterable[str]) -> None:
        """Each of ``voices`` has ended a worker."""
        self._crimes.update(voices)

    def spoken(self, voice: str) -> None:
        """An utterance of ``voice`` was spoken to its end."""
        if not self._crimes.get(voice):
            return
        self._good[voice] += 1
        if self._good[voice] >= FORGIVEN_AFTER:
            self._crimes[voice] -= 1
            self._good[voice] = 0

    def error(self, voice: str) -> VoiceQuarantinedError:
        """What its streams are told."""
        return VoiceQuarantinedError(
            f"the voice {quoted(voice)} ended its worker {self._crimes[voice]} times and is not used until "
            "the server starts again; choose another voice",
            param="voice",
        )
