"""The making of one utterance by a Piper voice."""

from __future__ import annotations

from collections import deque

from vivavoce.engines.base import Emit
from vivavoce.engines.boundaries import pause_samples
from vivavoce.engines.neural.loudness import limited
from vivavoce.engines.neural.sessions import GraphError
from vivavoce.engines.piper.config import PAD, VoiceConfig
from vivavoce.engines.piper.espeak_text import EspeakText
from vivavoce.engines.piper.model import Model, Scales
from vivavoce.engines.piper.pace import SMALLEST, frames
from vivavoce.engines.piper.script import Section, marks_of, sections
from vivavoce.engines.piper.streaming import Stream
from vivavoce.errors import EngineError, quoted
from vivavoce.speech import Chunk, SampleMark, Utterance


def warm(model: Model) -> None:
    """Speak a little: the first run of a session plans its memory, and no listener is to wait for that."""
    begun = model.begin(_warming(model.config), 0, Scales(0.0, 1.0, 0.0), (0,))
    begun.stream.take(SMALLEST)


def _warming(config: VoiceConfig) -> tuple[int, ...]:
    """A few numbers, to be read once and thrown away."""
    table = config.phoneme_id_map
    symbols = [numbers for numbers in table.values() if numbers][:20]
    return tuple(number for numbers in symbols for number in [*numbers, *table[PAD]])


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
        self._calls = 0
        """Pieces that were taken of the current section."""
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
        upto = self._out + max(1, max_samples)
        while self._out < upto:
            chunk = self._next()
            if chunk is None:
                return True
            self._out += len(chunk.pcm) // 2
            if not emit(chunk):
                return True
        return self._stream is None and not self._sections and not self._silence

    def _next(self) -> Chunk | None:
        """A piece more; ``None`` at the end."""
        marks: tuple[SampleMark, ...] = ()
        if self._stream is None and self._sections:
            marks = self._begin(self._sections.popleft())
        if self._stream is not None:
            return Chunk(self._take(self._stream), marks)
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
        self._stream, self._calls, self._owed = begun.stream, 0, sum(begun.samples)
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

    def _take(self, stream: Stream) -> bytes:
        """The next audio of the current section."""
        audio = stream.take(frames(self._calls, self._model.manifest.largest_call))[: self._owed]
        self._calls += 1
        self._owed -= audio.size
        if stream.left == 0 or self._owed == 0:
            self._stream = None
        return limited(audio, self._model.manifest.gain)
