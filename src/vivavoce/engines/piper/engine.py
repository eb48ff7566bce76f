"""The engine of Piper voices: which there are, and how an utterance is made.

An utterance is read into sentences (usually one). For each, the front tells how long every symbol sounds, so all its
marks are known before its first sample and go with it; then flow and decoder make audio a few frames at a time, as
much as the step asks for. So the first sound costs the reading of the sentence and eight frames, at any length.

The loudness is the voice's calibrated gain and a limiter: Piper scales each sentence by its own peak, which cannot be
known before its end. The pauses are the voice's own, lengthened to ours where they are shorter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import structs

from vivavoce.engines.base import SPEAKER_MARK, model_of
from vivavoce.engines.neural.folders import read_licence, voices_folder
from vivavoce.engines.neural.models import Models
from vivavoce.engines.piper.config import VoiceConfig, read_config
from vivavoce.engines.piper.espeak_text import EspeakText, reader_for
from vivavoce.engines.piper.manifest import CONFIG, Manifest, Rung, read_manifest
from vivavoce.errors import EngineError, quoted
from vivavoce.speech import Capability, Gender, Utterance, VoiceInfo

if TYPE_CHECKING:  # numpy and onnxruntime, which the front process has no use for
    from vivavoce.engines.piper.job import PiperJob
    from vivavoce.engines.piper.model import Model

CAPABILITIES: Final[frozenset[Capability]] = frozenset({"speed", "words", "phonemes", "phoneme_input"})
MAX_UNIT_CHARS: Final = 300
_RANKS: Final = {"high": 1, "medium": 2, "low": 4, "x_low": 5}
_STREAMING: Final = {
    Rung.STATEFUL: "Neural (VITS); streams inside the sentence.",
    Rung.WINDOWS: "Neural (VITS); streams inside the sentence by overlapping windows, at more work.",
    Rung.SENTENCES: "Neural (VITS); streams a sentence at a time.",
}


class PiperEngine:
    """The installed Piper voices. onnxruntime is loaded with the first of them only."""

    name = "piper"

    def __init__(self, folder: Path | None = None) -> None:
        """``folder`` holds a folder for each voice; by default the one in the data directory."""
        self._models = Models(folder or voices_folder(self.name), "Piper voice", read_manifest, _load)
        self._readers: dict[tuple[str, str], EspeakText | None] = {}

    def voices(self) -> Sequence[VoiceInfo]:
        """Every installed voice, those of several speakers also as each of them."""
        return self._models.told(
            lambda folder, manifest: _infos(
                folder.name, read_config(folder / CONFIG), manifest, read_licence(folder)
            )
        )

    def speakers(self) -> Mapping[str, Gender]:
        return {}

    def load(self, voice: str) -> None:
        from vivavoce.engines.piper.job import warm

        model, _ = self._models.loaded(model_of(voice))
        self._speaker(model.config, voice)
        self._reader(model.config)
        warm(model)

    def memory_mb(self, model: str) -> float:
        return self._models.memory_mb(model)

    def unload(self, model: str) -> None:
        self._models.unload(model)

    def plan(self, utterance: Utterance) -> PiperJob:
        from vivavoce.engines.piper.job import PiperJob

        model, _ = self._models.loaded(model_of(utterance.voice))
        speaker = self._speaker(model.config, utterance.voice)
        return PiperJob(model, self._reader(model.config), speaker, utterance)

    def _speaker(self, config: VoiceConfig, voice: str) -> int:
        name, mark, speaker = voice.partition(SPEAKER_MARK)
        if not mark:
            return config.default_speaker_id
        numbers = _speakers(config)
        if speaker not in numbers:
            raise EngineError(f"voice {quoted(name)} has no speaker {quoted(speaker)}")
        return numbers[speaker]

    def _reader(self, config: VoiceConfig) -> EspeakText | None:
        key = (
            (config.espeak.library, config.espeak.data)
            if config.phoneme_type == "espeak"
            else ("", "letters")
        )
        if key not in self._readers:
            self._readers[key] = reader_for(config)
        return self._readers[key]


def _load(folder: Path, manifest: Manifest) -> Model:
    from vivavoce.engines.piper.model import load_model

    return load_model(folder, read_config(folder / CONFIG), manifest)


def _infos(voice: str, config: VoiceConfig, manifest: Manifest, licence: str) -> list[VoiceInfo]:
    """What is told of an installed voice and of its speakers."""
    quality = config.audio.quality
    rank = _RANKS.get(quality, 3)
    info = VoiceInfo(
        id=voice,
        name=_name(voice),
        engine=PiperEngine.name,
        language=config.tag,
        languages=_languages(config),
        gender="neutral",
        rate_hz=config.audio.sample_rate,
        licence=licence,
        description=_STREAMING[manifest.rung],
        capabilities=CAPABILITIES,
        max_unit_chars=MAX_UNIT_CHARS,
        rank=rank,
    )
    speakers = _speakers(config) if config.num_speakers > 1 else {}
    return [
        info,
        *(
            structs.replace(
                info, id=f"{voice}{SPEAKER_MARK}{name}", name=f"{info.name}, speaker {name}", rank=rank + 5
            )
            for name in speakers
        ),
    ]


def _name(voice: str) -> str:
    """``en_US-lessac-medium`` in words; what is named otherwise keeps its name."""
    parts = voice.split("-")
    return (
        f"{parts[1].replace('_', ' ').title()}, {parts[2]}" if len(parts) == 3 and "_" in parts[0] else voice
    )


def _languages(config: VoiceConfig) -> tuple[str, ...]:
    """The voice's language, and the same without its region."""
    tag = config.tag
    return tuple(dict.fromkeys((tag, tag.partition("-")[0])))


def _speakers(config: VoiceConfig) -> Mapping[str, int]:
    """Speakers by name; those without one by their number."""
    return config.speaker_id_map or {str(number): number for number in range(config.num_speakers)}
