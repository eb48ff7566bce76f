"""The engine of Supertonic voices: which there are, and how an utterance is made.

One model speaks with all its speakers and in all its languages. It reads characters, tells how long the whole utterance
will be, and makes all of it at once out of noise, so the first sound comes after the whole unit was denoised: units are
kept short. The words' times are shares of that length, not measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vivavoce.engines.base import SPEAKER_MARK, model_of
from vivavoce.engines.neural.folders import read_licence, voices_folder
from vivavoce.engines.neural.models import Models
from vivavoce.engines.supertonic.config import Config, gender_of, read_config
from vivavoce.engines.supertonic.manifest import Manifest, read_manifest
from vivavoce.errors import EngineError, quoted
from vivavoce.speech import Capability, Gender, Utterance, VoiceInfo

if TYPE_CHECKING:  # numpy and onnxruntime, which the front process has no use for
    from vivavoce.engines.supertonic.job import SupertonicJob
    from vivavoce.engines.supertonic.model import Model

CAPABILITIES: Final[frozenset[Capability]] = frozenset({"speed", "words"})
MAX_UNIT_CHARS: Final = 120
"""What the vendor's package allows at a time in Korean (elsewhere 300); a step of denoising takes time for all of it."""
_RANK: Final = 6
"""Behind Piper's voices, which stream inside the sentence, and before those that are not neural. Not measured."""
_DESCRIPTION: Final = "Neural (flow matching); streams a unit of text at a time. Word times are estimates."


class SupertonicEngine:
    """The installed Supertonic models. onnxruntime is loaded with the first of them only."""

    name = "supertonic"

    def __init__(self, folder: Path | None = None) -> None:
        """``folder`` holds a folder for each model; by default the one in the data directory."""
        self._models = Models(folder or voices_folder(self.name), "Supertonic model", read_manifest, _load)

    def voices(self) -> Sequence[VoiceInfo]:
        """Every installed model, as its first speaker, and then as each of them."""
        return self._models.told(
            lambda folder, manifest: _infos(folder.name, read_config(folder), manifest, read_licence(folder))
        )

    def speakers(self) -> Mapping[str, Gender]:
        return {}

    def load(self, voice: str) -> None:
        from vivavoce.engines.supertonic.job import warm

        model, manifest = self._models.loaded(model_of(voice))
        _speaker(manifest, voice)
        warm(model, manifest)

    def memory_mb(self, model: str) -> float:
        return self._models.memory_mb(model)

    def unload(self, model: str) -> None:
        self._models.unload(model)

    def plan(self, utterance: Utterance) -> SupertonicJob:
        from vivavoce.engines.supertonic.job import SupertonicJob

        model, manifest = self._models.loaded(model_of(utterance.voice))
        return SupertonicJob(model, manifest, _speaker(manifest, utterance.voice), utterance)


def _load(folder: Path, manifest: Manifest) -> Model:
    from vivavoce.engines.supertonic.model import load_model

    return load_model(folder, tuple(manifest.gains))


def _infos(model: str, config: Config, manifest: Manifest, licence: str) -> list[VoiceInfo]:
    """What is told of an installed model and of its speakers."""
    speakers = list(manifest.gains)
    ids = {model: speakers[0]} | {f"{model}{SPEAKER_MARK}{speaker}": speaker for speaker in speakers}
    return [
        VoiceInfo(
            id=voice,
            name=f"{model}, speaker {speaker}",
            engine=SupertonicEngine.name,
            language=config.languages[0],
            languages=config.languages,
            gender=gender_of(speaker),
            rate_hz=config.ae.sample_rate,
            licence=licence,
            description=_DESCRIPTION,
            capabilities=CAPABILITIES,
            max_unit_chars=MAX_UNIT_CHARS,
            rank=_RANK + (voice != model),
        )
        for voice, speaker in ids.items()
    ]


def _speaker(manifest: Manifest, voice: str) -> str:
    """Who speaks as ``voice``. Raises EngineError."""
    model, mark, speaker = voice.partition(SPEAKER_MARK)
    if not mark:
        return next(iter(manifest.gains))
    if speaker not in manifest.gains:
        raise EngineError(f"voice {quoted(model)} has no speaker {quoted(speaker)}")
    return speaker
