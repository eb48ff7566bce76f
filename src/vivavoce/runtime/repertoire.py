"""The voices that the workers say they have, and which of them may be used. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vivavoce.errors import UnknownVoiceError, quoted
from vivavoce.runtime.quarantine import Quarantine
from vivavoce.speech import Gender, VoiceInfo


class Repertoire:
    """Empty until the first worker has told. Voices in ``quarantine`` are not offered."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine
        self._voices: dict[str, VoiceInfo] = {}
        self._engines: set[str] = set()
        self._speakers: dict[str, Gender] = {}

    @property
    def voices(self) -> Sequence[VoiceInfo]:
        return [voice for voice in self._voices.values() if voice.id not in self._quarantine]

    @property
    def ids(self) -> Iterable[str]:
        """Of all voices, in quarantine or not."""
        return self._voices.keys()

    @property
    def speakers(self) -> Mapping[str, Gender]:
        return self._speakers

    def add(self, voices: Iterable[VoiceInfo], speakers: Mapping[str, Gender]) -> None:
        """A worker that has started has these; the first to name a voice describes it."""
        for voice in voices:
            self._voices.setdefault(voice.id, voice)
            self._engines.add(voice.engine)
        self._speakers |= speakers

    def replace(self, voices: Iterable[VoiceInfo]) -> None:
        """A worker has looked again: these are all there are."""
        self._voices.clear()
        self.add(voices, {})

    def check(self, voice: VoiceInfo) -> None:
        """Raises UnknownVoiceError for a voice of no engine here, VoiceQuarantinedError for one in quarantine. A voice
        that was removed may still be spoken by the workers that have it."""
        if voice.engine not in self._engines:
            raise UnknownVoiceError(f"no engine here has the voice {quoted(voice.id)}", param="voice")
        if voice.id in self._quarantine:
            raise self._quarantine.error(voice.id)
