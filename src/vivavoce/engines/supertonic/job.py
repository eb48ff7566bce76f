"""The making of one utterance by a Supertonic voice.

A step is one piece of work that cannot be divided: reading the text, one of the steps of denoising, or a window of sound.
Only the last kind gives audio, so a cancel or a more urgent listener waits for one of them at most.
"""

from __future__ import annotations

from vivavoce.engines.base import Emit
from vivavoce.engines.boundaries import pause_samples
from vivavoce.engines.neural.loudness import limited
from vivavoce.engines.neural.sessions import GraphError
from vivavoce.engines.supertonic.manifest import Manifest
from vivavoce.engines.supertonic.model import Draft, Model, Sound
from vivavoce.engines.supertonic.text import numbers
from vivavoce.engines.words import tokens
from vivavoce.errors import EngineError, quoted
from vivavoce.speech import Chunk, SampleMark, Utterance

FIRST_FRAMES, MAX_FRAMES = 16, 24
"""Of the first window of sound and of later ones. The vocoder also runs over the frames that reach into it, about twenty;
smaller windows cost mostly those, larger ones hold up other listeners (one of the published sizes takes 0.05 s for 16
frames at the beginning, 0.15 s for 32 with twenty before them). What the schedule asks for plays no part: onnxruntime adds
in another order for another number of frames, and the same request is to give the same samples."""


def warm(model: Model, manifest: Manifest) -> None:
    """Speak a little: the first run of a session plans its memory, and no listener is to wait for that."""
    speaker = next(iter(model.speakers))
    ids = [number for number in model.table if number >= 0][:20]
    draft = model.begin(ids, speaker, 1.0, (0,))
    draft.refine()
    model.sound(draft.latent, manifest.reach).take(FIRST_FRAMES)


class SupertonicJob:
    """One utterance."""

    def __init__(self, model: Model, manifest: Manifest, speaker: str, utterance: Utterance) -> None:
        self._model, self._manifest = model, manifest
        self._speaker = speaker
        self._utterance = utterance
        self._begun = False
        self._draft: Draft | None = None
        self._sound: Sound | None = None
        self._owed = 0
        """Samples of speech that are still to be sent."""
        self._silence = 0
        """Samples of pause that are still to be sent, behind the speech."""

    def step(self, max_samples: int, emit: Emit) -> bool:
        """See the module: most steps give no audio."""
        try:
            chunk = self._next()
        except GraphError as error:
            self.cancel()
            raise EngineError(f"the voice {quoted(self._utterance.voice)} failed: {error}") from None
        if chunk is not None and not emit(chunk):
            self.cancel()
        return self._begun and self._draft is None and self._sound is None and not self._silence

    def cancel(self) -> None:
        self._begun = True
        self._draft = self._sound = None
        self._silence = 0

    def _next(self) -> Chunk | None:
        """The next piece of work, and what is heard of it."""
        if not self._begun:
            self._begin()
        elif self._draft is not None:
            self._draft.refine()
            if not self._draft.left:
                self._sound = self._model.sound(self._draft.latent, self._manifest.reach)
                self._draft = None
        elif self._sound is not None:
            return self._heard(self._sound)
        elif self._silence:
            silence, self._silence = self._silence, 0
            return Chunk(bytes(2 * silence))
        return None

    def _begin(self) -> None:
        utterance, config = self._utterance, self._model.config
        self._begun = True
        self._silence = pause_samples(
            utterance.boundary, utterance.prosody.speed, config.ae.sample_rate, utterance.pause
        )
        ids = numbers(utterance.text, utterance.boundary, utterance.language, config.tags, self._model.table)
        if ids:
            self._draft = self._model.begin(ids, self._speaker, utterance.prosody.speed, (utterance.seed,))
            self._owed = self._draft.samples

    def _heard(self, sound: Sound) -> Chunk:
        """The next window; the marks go with the first."""
        first = sound.done == 0
        marks = _shares(self._utterance.text, self._owed) if first else ()
        audio = sound.take(FIRST_FRAMES if first else MAX_FRAMES)[: self._owed]
        self._owed -= audio.size
        if not sound.left:
            self._sound = None
        return Chunk(limited(audio, self._manifest.gains[self._speaker]), marks)


def _shares(text: str, samples: int) -> tuple[SampleMark, ...]:
    """Each word's share of ``samples``, by where it stands in the text. The model tells how long an utterance is, and no
    more, so these are estimates."""
    spans = tokens(text)
    begin, end = spans[0].start, spans[-1].stop

    def at(place: int) -> int:
        return samples * (place - begin) // (end - begin)

    words = ((span, text[span.start : span.stop]) for span in spans)
    return tuple(
        SampleMark("word", word, at(span.start), at(span.stop), span.start, span.stop)
        for span, word in words
        if any(c.isalnum() for c in word)
    )
