"""From an engine's samples, in order, to the bytes that leave: seams, effects, resampling, encoding.

One pipeline a stream, never one an utterance: filters and encoders have to hear the samples as the listener will.
Positions are counted on the engine's side; :meth:`Pipeline.time_s` tells when a decoder plays them.
"""

from __future__ import annotations

from typing import Final

from vivavoce.audio.effects import Seam, effects
from vivavoce.audio.encoder import encoder
from vivavoce.audio.pcm import Samples, from_int16, silence
from vivavoce.audio.resample import Resampler
from vivavoce.formats import AudioFormat
from vivavoce.speech import Prosody, VoiceInfo

NATIVE_SPEEDS: Final = (0.5, 2.5)
"""Rates of speech that every engine which can change its rate reaches; the rest is done to the samples."""

NATIVE_PITCH: Final = (-7.0, 7.0)
"""Shifts in semitones that every engine which can change its pitch reaches (espeak-ng: -7.4 to 8.9); the rest
likewise."""


def divide(prosody: Prosody, voice: VoiceInfo) -> tuple[Prosody, Prosody]:
    """``prosody`` as (what the engine is to do, what is left to do to the samples).

    Volume is always left to the samples, where the limiter is.
    """
    able = voice.capabilities
    speed = min(NATIVE_SPEEDS[1], max(NATIVE_SPEEDS[0], prosody.speed)) if "speed" in able else 1.0
    pitch = min(NATIVE_PITCH[1], max(NATIVE_PITCH[0], prosody.pitch_semitones)) if "pitch" in able else 0.0
    pitch_range = prosody.pitch_range if "pitch_range" in able else 1.0
    native = Prosody(speed=speed, pitch_semitones=pitch, pitch_range=pitch_range)
    rest = Prosody(
        speed=prosody.speed / speed, pitch_semitones=prosody.pitch_semitones - pitch, volume=prosody.volume
    )
    return native, rest


class Pipeline:
    """Feed it speech and silence in order; it gives bytes.

    ``total_samples`` is the whole input's length at the voice's rate, where it is known.
    """

    def __init__(
        self, rate_hz: int, form: AudioFormat, prosody: Prosody, *, total_samples: int | None = None
    ) -> None:
        self._rate_hz = rate_hz
        self._tempo = prosody.speed
        self._seam = Seam(rate_hz)
        self._effects = effects(
            rate_hz, tempo=prosody.speed, pitch_semitones=prosody.pitch_semitones, gain=prosody.volume
        )
        self._resampler = Resampler(rate_hz, form.rate_hz)
        if total_samples is not None:
            total_samples = round(round(total_samples / self._tempo) * form.rate_hz / rate_hz)
        self._encoder = encoder(form, total_samples=total_samples)
        self.position = 0
        """Samples fed so far."""

    def time_s(self, position: int) -> float:
        """When a decoder plays the sample fed as number ``position``."""
        return position / self._rate_hz / self._tempo + self._encoder.delay_s

    @property
    def audio_s(self) -> float:
        """Length of the audio fed so far, as it is heard."""
        return self.position / self._rate_hz / self._tempo

    def speech(self, pcm: bytes) -> bytes:
        """More of the current utterance: int16 little-endian at the voice's rate."""
        self.position += len(pcm) // 2
        return self._encode(self._seam.feed(from_int16(pcm)))

    def cut(self) -> bytes:
        """The current utterance is complete."""
        return self._encode(self._seam.cut())

    def silence(self, samples: int) -> bytes:
        """Silence of so many samples at the voice's rate; only between utterances."""
        self.position += samples
        return self._encode(silence(samples))

    def finish(self) -> bytes:
        """Everything still held back. The pipeline is used up."""
        tail = self._resampler.feed(self._effects.feed(self._seam.cut()))
        data = self._encoder.feed(tail)
        data += self._encoder.feed(self._resampler.feed(self._effects.flush()))
        return data + self._encoder.feed(self._resampler.flush()) + self._encoder.flush()

    def _encode(self, samples: Samples) -> bytes:
        return self._encoder.feed(self._resampler.feed(self._effects.feed(samples))) if len(samples) else b""
