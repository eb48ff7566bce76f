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
import os
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import structs

from vivavoce.engines.base import Emit
from vivavoce.engines.boundaries import pause_samples
from vivavoce.engines.piper.config import PAD, VoiceConfig, read_config
from vivavoce.engines.piper.espeak_text import EspeakText, reader_for
from vivavoce.engines.piper.manifest import (
    CONFIG,
    CUT,
    VERSION,
    Manifest,
    Rung,
    read_licence,
    read_manifest,
)
from vivavoce.engines.piper.model import Model, Scales, limited, load_model
from vivavoce.engines.piper.script import Section, marks_of, sections
from vivavoce.engines.piper.sessions import GraphError
from vivavoce.engines.piper.streaming import Stream
from vivavoce.errors import EngineError, RequestError, quoted
from vivavoce.settings import Settings
from vivavoce.speech import Capability, Chunk, Gender, SampleMark, Utterance, VoiceInfo

CAPABILITIES: Final[frozenset[Capability]] = frozenset({"speed", "words", "phonemes", "phoneme_input"})
MAX_UNIT_CHARS: Final = 300
MIN_FRAMES, MAX_FRAMES = 8, 32
"""Of one call: fewer cost mostly the call, more bring nothing (``facts`` measured 1 to 64)."""
SPEAKER_MARK: Final = ":"
"""Between a voice's id and one of its speakers."""
_RANKS: Final = {"high": 1, "medium": 2, "low": 4, "x_low": 5}
_STREAMING: Final = {
    Rung.STATEFUL: "Neural (VITS); streams inside the sentence.",
    Rung.WINDOWS: "Neural (VITS); streams inside the sentence by overlapping windows, at more work.",
    Rung.SENTENCES: "Neural (VITS); streams a sentence at a time.",
}
_OVERHEAD: Final = 1.6
"""Memory of a loaded voice as a multiple of its files."""

_log = logging.getLogger(__name__)


def voices_folder() -> Path:
    """Where Piper voices are installed, by the environment's data directory."""
    return Path(os.environ.get("VIVAVOCE_DATA_DIR") or Settings().data_dir) / "voices" / "piper"


def memory_bound() -> int:
    """Bytes that the loaded voices of this process may take."""
    given = os.environ.get("VIVAVOCE_VOICE_MEMORY_MB", "")
    return (int(given) if given.isdigit() else Settings().voice_memory_mb) << 20


class PiperEngine:
    """The installed Piper voices. onnxruntime is loaded with the first of them only."""

    name = "piper"

    def __init__(self, folder: Path | None = None) -> None:
        """``folder`` holds a folder for each voice; by default the one in the data directory."""
        self._folder = folder or voices_folder()
        self._loaded: OrderedDict[str, Model] = OrderedDict()
        """The least recently used first."""
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
        model = self._model(voice.partition(SPEAKER_MARK)[0])
        self._speaker(model.config, voice)
        self._reader(model.config)
        # The first run of a session plans its memory: let no listener wait for that.
        begun = model.begin(_warming(model.config), 0, Scales(0.0, 1.0, 0.0), (0,))
        begun.stream.take(MIN_FRAMES)

    def plan(self, utterance: Utterance) -> PiperJob:
        model = self._model(utterance.voice.partition(SPEAKER_MARK)[0])
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
        """The voice's sessions; loading them may unload others that were not used for longest. Live jobs keep theirs,
        so that a voice may be removed or unloaded while it speaks."""
        if voice in self._loaded:
            self._loaded.move_to_end(voice)
            return self._loaded[voice]
        folder = self._folder / voice
        manifest = read_manifest(folder / CUT) if _is_name(voice) else None
        if manifest is None or manifest.version != VERSION:
            raise EngineError(f"the Piper voice {quoted(voice)} is not installed, or was removed")
        self._make_room(voice, _needed(manifest))
        try:
            model = load_model(folder, read_config(folder / CONFIG), manifest)
        except (GraphError, RequestError) as error:
            raise EngineError(
                f"the Piper voice {quoted(voice)} cannot be loaded ({error}); it was prepared by onnxruntime "
                f"{manifest.onnxruntime}: add it again"
            ) from None
        self._loaded[voice] = model
        return model

    def _make_room(self, voice: str, needed: int) -> None:
        """Unload voices until ``needed`` bytes are free. Raises EngineError when that would never do."""
        bound = memory_bound()
        if needed > bound:
            raise EngineError(
                f"the Piper voice {quoted(voice)} needs about {needed >> 20} MB, more than the {bound >> 20} that loaded "
                "voices may take; raise VIVAVOCE_VOICE_MEMORY_MB"
            )
        while self._loaded and needed + sum(_needed(m.manifest) for m in self._loaded.values()) > bound:
            self._loaded.popitem(last=False)


class PiperJob:
    """One utterance."""

    def __init__(self, model: Model, espeak: EspeakText | None, speaker: int, utterance: Utterance) -> None:
        self._model = model
        self._espeak = espeak
        self._speaker = speaker
        self._utterance = utterance
        self._sections: deque[Section] | None = None
        """Those that are not begun; ``None`` until the text was read."""
        self._number = 0
        self._stream: Stream | None = None
        self._owed = 0
        """Samples of the current section that are still to be sent."""
        self._silence = 0
        """Samples of pause that are still to be sent, behind the last section."""
        self._out = 0
        """Samples sent."""

    def step(self, max_samples: int, emit: Emit) -> bool:
        """The first step also reads the text; a sentence's first one also runs its front."""
        try:
            done = self._step(max_samples, emit)
        except GraphError as error:
            self.cancel()
            raise EngineError(f"the voice {quoted(self._utterance.voice)} failed: {error}") from None
        if done:
            self.cancel()
        return done

    def cancel(self) -> None:
        self._sections = deque()
        self._stream = None
        self._silence = 0

    def _step(self, max_samples: int, emit: Emit) -> bool:
        if self._sections is None:
            utterance = self._utterance
            made = sections(utterance.text, utterance.boundary, self._model.config, self._espeak)
            self._sections = deque(made)
            self._silence = 0 if made else self._pause()
        upto = self._out + max_samples
        while self._out < upto:
            chunk = self._next(upto - self._out)
            if chunk is None:
                return True
            self._out += len(chunk.pcm) // 2
            if not emit(chunk):
                return True
        return self._stream is None and not self._sections and not self._silence

    def _next(self, samples: int) -> Chunk | None:
        """About ``samples`` more; ``None`` at the end."""
        marks: tuple[SampleMark, ...] = ()
        if self._stream is None and self._sections:
            marks = self._begin(self._sections.popleft())
        if self._stream is not None:
            return Chunk(self._take(self._stream, samples), marks)
        silence, self._silence = self._silence, 0
        return Chunk(bytes(2 * silence), marks) if silence else None

    def _begin(self, section: Section) -> tuple[SampleMark, ...]:
        """Run the front for ``section``; its marks."""
        utterance, config = self._utterance, self._model.config
        scales = Scales(
            config.inference.noise_scale,
            config.inference.length_scale / utterance.prosody.speed,
            config.inference.noise_w,
        )
        begun = self._model.begin(section.ids.numbers, self._speaker, scales, (utterance.seed, self._number))
        self._number += 1
        self._stream, self._owed = begun.stream, sum(begun.samples)
        voiced = marks_of(section, begun.samples, 0, self._owed, phonemes=False).voiced
        if not self._sections:
            self._end(voiced)
        stop = self._out + self._owed + self._silence
        return marks_of(section, begun.samples, self._out, stop, phonemes=utterance.phonemes).marks

    def _end(self, voiced: int) -> None:
        """Settle what follows the last word, which ends at ``voiced`` of the last section's samples: the voice's own
        pause, ours where that is longer, and no more than ours where the request wants pauses short."""
        pause, own = self._pause(), self._owed - voiced
        self._silence = max(0, pause - own)
        if self._utterance.pause < 1.0:
            self._owed -= max(0, own - pause)

    def _pause(self) -> int:
        utterance = self._utterance
        rate = self._model.config.audio.sample_rate
        return pause_samples(utterance.boundary, utterance.prosody.speed, rate, utterance.pause)

    def _take(self, stream: Stream, samples: int) -> bytes:
        """The next audio of the current section."""
        frames = min(max(-(-samples // self._model.hop), MIN_FRAMES), MAX_FRAMES)
        audio = stream.take(frames)[: self._owed]
        self._owed -= audio.size
        if stream.left == 0 or self._owed == 0:
            self._stream = None
        return limited(audio, self._model.manifest.gain)


def _infos(voice: str, config: VoiceConfig, manifest: Manifest, licence: str) -> list[VoiceInfo]:
    """What is told of an installed voice and of its speakers."""
    quality = config.audio.quality
    rank = _RANKS.get(quality, 3)
    info = VoiceInfo(
        id=voice,
        name=voice,
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
                info, id=f"{voice}{SPEAKER_MARK}{name}", name=f"{voice}, speaker {name}", rank=rank + 5
            )
            for name in speakers
        ),
    ]


def _languages(config: VoiceConfig) -> tuple[str, ...]:
    """The voice's language, and the same without its region."""
    tag = config.tag
    return tuple(dict.fromkeys((tag, tag.partition("-")[0])))


def _speakers(config: VoiceConfig) -> Mapping[str, int]:
    """Speakers by name; those without one by their number."""
    return config.speaker_id_map or {str(number): number for number in range(config.num_speakers)}


def _warming(config: VoiceConfig) -> tuple[int, ...]:
    """A few numbers, to be read once and thrown away."""
    table = config.phoneme_id_map
    symbols = [numbers for numbers in table.values() if numbers][:20]
    return tuple(number for numbers in symbols for number in [*numbers, *table[PAD]])


def _needed(manifest: Manifest) -> int:
    return int(manifest.bytes * _OVERHEAD)


def _is_name(voice: str) -> bool:
    """Whether ``voice`` is the name of a folder here, and not a way out of it."""
    return voice not in ("", ".", "..") and "/" not in voice and "\\" not in voice and "\0" not in voice
