"""The engine of Piper voices: which there are, and how an utterance is made.

An utterance is read into sentences (usually one). For each, the front tells how long every symbol sounds, so all its
marks are known before its first sample and go with it; then flow and decoder make audio a few frames at a time, as
much as the step asks for. So the first sound costs the reading of the sentence and eight frames, at any length.

The loudness is the voice's calibrated gain and a limiter: Piper scales each sentence by its own peak, which cannot be
known before its end. The pauses are the voice's own, lengthened to ours where they are shorter.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import structs

from vivavoce.engines.base import SPEAKER_MARK, model_of
from vivavoce.engines.neural.folders import Stamp, is_name, loaded_mb, read_licence, stamp, voices_folder
from vivavoce.engines.piper.config import VoiceConfig, read_config
from vivavoce.engines.piper.espeak_text import EspeakText, reader_for
from vivavoce.engines.piper.manifest import (
    CONFIG,
    CUT,
    MANIFEST,
    VERSION,
    Manifest,
    Rung,
    read_manifest,
)
from vivavoce.errors import EngineError, RequestError, quoted
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
_log = logging.getLogger(__name__)


class PiperEngine:
    """The installed Piper voices. onnxruntime is loaded with the first of them only."""

    name = "piper"

    def __init__(self, folder: Path | None = None) -> None:
        """``folder`` holds a folder for each voice; by default the one in the data directory."""
        self._folder = folder or voices_folder(self.name)
        self._loaded: dict[str, tuple[Model, Stamp]] = {}
        """Each with its manifest's stamp: another voice may be put into its place."""
        self._readers: dict[tuple[str, str], EspeakText | None] = {}

    def voices(self) -> Sequence[VoiceInfo]:
        """Every installed voice, those of several speakers also as each of them."""
        if importlib.util.find_spec("onnxruntime") is None or not self._folder.is_dir():
            return []
        found: list[VoiceInfo] = []
        for folder in sorted(self._folder.iterdir()):
            manifest = read_manifest(folder / CUT)
            if folder.name.startswith(".") or manifest is None or manifest.version != VERSION:
                continue
            try:
                found += _infos(folder.name, read_config(folder / CONFIG), manifest, read_licence(folder))
            except RequestError as error:
                _log.warning("voice %s is left out: %s", folder.name, error.message)
        return found

    def speakers(self) -> Mapping[str, Gender]:
        return {}

    def load(self, voice: str) -> None:
        from vivavoce.engines.piper.job import warm

        model = self._model(model_of(voice))
        self._speaker(model.config, voice)
        self._reader(model.config)
        warm(model)

    def memory_mb(self, model: str) -> float:
        manifest = read_manifest(self._folder / model / CUT) if is_name(model) else None
        return loaded_mb(manifest.bytes) if manifest else 0.0

    def unload(self, model: str) -> None:
        self._loaded.pop(model, None)

    def plan(self, utterance: Utterance) -> PiperJob:
        from vivavoce.engines.piper.job import PiperJob

        model = self._model(model_of(utterance.voice))
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

    def _model(self, voice: str) -> Model:
        """The voice's sessions. Live jobs keep theirs, so that a voice may be removed or unloaded while it speaks."""
        from vivavoce.engines.neural.sessions import GraphError
        from vivavoce.engines.piper.model import load_model

        folder = self._folder / voice
        seen = stamp(folder / CUT / MANIFEST) if is_name(voice) else None
        if voice in self._loaded and seen in (None, self._loaded[voice][1]):
            return self._loaded[voice][0]
        manifest = read_manifest(folder / CUT) if is_name(voice) else None
        if manifest is None or manifest.version != VERSION:
            raise EngineError(f"the Piper voice {quoted(voice)} is not installed, or was removed")
        try:
            model = load_model(folder, read_config(folder / CONFIG), manifest)
        except (GraphError, RequestError) as error:
            raise EngineError(
                f"the Piper voice {quoted(voice)} cannot be loaded ({error}); it was prepared by onnxruntime "
                f"{manifest.onnxruntime}: add it again"
            ) from None
        self._loaded[voice] = model, seen
        return model


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
