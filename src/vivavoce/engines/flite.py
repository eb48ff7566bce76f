"""flite: four English voices from the system's libflite, better understood than espeak-ng's.

Word error rate of an independent recogniser over 30 everyday sentences: rms 1.8 %, awb 3.9, slt 5.0, kal16 8.2.
English only, at 16 kHz; other text is folded to ASCII (``folding.py``).

The library makes the parameters of a whole utterance before its first sample, so units are kept short; after that a
job can pause between blocks, because its C call runs in a thread that works only during ``step``.

How a unit ends. The library lets its voice fall at every end. A unit that does not end its sentence is therefore
spoken with more words behind it, which are cut off again: its end then stays up as in the middle of a phrase
(rms, last syllable: 85 Hz instead of 69; 87 Hz in the sentence that really goes on). A question gets no rise here.
The silence at the beginning is cut to 20 ms, the pause at the end is ours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct

from vivavoce.engines.base import Emit
from vivavoce.engines.boundaries import bare
from vivavoce.engines.flite_library import RATE_HZ, Library, Reading, installed
from vivavoce.engines.flite_pieces import Piece, PieceAudio, pieces
from vivavoce.engines.folding import fold
from vivavoce.engines.noise import Noise
from vivavoce.engines.pausable import Pausable
from vivavoce.errors import EngineError, quoted
from vivavoce.speech import Boundary, Capability, Chunk, Gender, Utterance, VoiceInfo

CAPABILITIES: Final[frozenset[Capability]] = frozenset({"speed", "words", "phonemes"})
"""Of every voice. All but rms, whose model of intonation takes no shift, also have pitch."""
MAX_UNIT_CHARS: Final = 160
_CONTINUATION: Final = {Boundary.NONE: " and then", Boundary.CLAUSE: ", and then", Boundary.SENTENCE: ""}


class _Voice(Struct, frozen=True):
    name: str
    gender: Gender
    languages: tuple[str, ...]
    licence: str
    description: str
    rank: int


_ARCTIC = "BSD-like (flite, CMU ARCTIC)"
_VOICES: Final = {
    "rms": _Voice(
        "rms", "male", ("en-US", "en"), _ARCTIC, "American man, statistical; the best understood.", 10
    ),
    "awb": _Voice(
        "awb", "male", ("en-GB", "en"), _ARCTIC, "Scottish man with American pronunciation, statistical.", 20
    ),
    "slt": _Voice("slt", "female", ("en-US", "en"), _ARCTIC, "American woman, statistical.", 25),
    "kal16": _Voice(
        "kal16", "male", ("en-US", "en"), "BSD-like (flite)", "American man, diphones; very fast.", 40
    ),
}


class FliteEngine:
    """The voices of the installed libflite. It is loaded by the first ``load`` or ``plan`` only."""

    name = "flite"

    def voices(self) -> Sequence[VoiceInfo]:
        return [_info(voice_id, voice) for voice_id, voice in _VOICES.items() if installed(voice_id)]

    def speakers(self) -> Mapping[str, Gender]:
        return {}

    def load(self, voice: str) -> None:
        if voice not in _VOICES:
            raise EngineError(f"flite: expected one of {', '.join(_VOICES)}, got {quoted(voice)}")
        self._library.register(voice)

    def plan(self, utterance: Utterance) -> FliteJob:
        self.load(utterance.voice)
        return FliteJob(self._library, utterance)

    @cached_property
    def _library(self) -> Library:
        return Library()


class FliteJob:
    """One utterance; a text that is too long for one C call is spoken in several."""

    def __init__(self, library: Library, utterance: Utterance) -> None:
        self._library = library
        self._utterance = utterance
        self._noise = Noise(utterance.seed)
        self._pieces = deque(pieces(utterance.text, utterance.boundary))
        self._piece: PieceAudio | None = None
        self._call: Pausable[Reading | bytes] | None = None
        self._out = 0
        """Samples emitted in all."""

    def step(self, max_samples: int, emit: Emit) -> bool:
        """Makes blocks until ``max_samples`` are reached; the first step also makes all parameters."""
        upto = self._out + max_samples
        listening = True

        def take(item: Reading | bytes) -> bool:
            nonlocal listening
            assert self._piece is not None
            if isinstance(item, Reading):
                self._piece.read(item)
            else:
                listening = self._send(self._piece.feed(item), emit)
            return listening and not self._piece.complete

        while listening and self._out < upto:
            if self._call is None:
                if not self._pieces:
                    return True
                self._begin(self._pieces.popleft())
            assert self._call is not None
            assert self._piece is not None
            if self._call.advance(upto - self._out, take):
                listening = listening and self._send(self._piece.finish(), emit)
                self._call = None
        if not listening:
            self.cancel()
        return not listening or (self._call is None and not self._pieces)

    def cancel(self) -> None:
        self._pieces.clear()
        if self._call is not None:
            self._call.stop()
            self._call = None

    def _send(self, chunk: Chunk | None, emit: Emit) -> bool:
        if chunk is None:
            return True
        self._out += len(chunk.pcm) // 2
        return emit(chunk)

    def _begin(self, piece: Piece) -> None:
        utterance = self._utterance
        folded = fold(piece.text)
        text = folded.text
        if piece.boundary is not Boundary.SENTENCE:
            text = bare(text) + _CONTINUATION[piece.boundary]
        self._piece = PieceAudio(
            piece,
            folded.origins,
            self._out,
            utterance.prosody.speed,
            phonemes=utterance.phonemes,
            pause=utterance.pause,
        )
        self._call = Pausable(_body(self._library, utterance, text, self._noise), f"flite {utterance.voice}")


def _body(
    library: Library, utterance: Utterance, text: str, noise: Noise
) -> Callable[[Callable[[Reading | bytes, int], bool]], None]:
    """The C call for a Pausable. Other jobs run while it pauses, so its noise is put away around every block."""

    def body(put: Callable[[Reading | bytes, int], bool]) -> None:
        def listen(item: Reading | bytes) -> bool:
            noise.leave()
            go_on = put(item, 0 if isinstance(item, Reading) else len(item) // 2)
            noise.enter()
            return go_on

        noise.enter()
        try:
            library.speak(
                utterance.voice,
                text,
                listen,
                speed=utterance.prosody.speed,
                f0_factor=2.0 ** (utterance.prosody.pitch_semitones / 12.0),
            )
        finally:
            noise.leave()

    return body


def _info(voice_id: str, voice: _Voice) -> VoiceInfo:
    return VoiceInfo(
        id=voice_id,
        name=voice.name,
        engine=FliteEngine.name,
        language=voice.languages[0],
        languages=voice.languages,
        gender=voice.gender,
        rate_hz=RATE_HZ,
        licence=voice.licence,
        description=voice.description,
        capabilities=CAPABILITIES if voice_id == "rms" else CAPABILITIES | {"pitch"},
        max_unit_chars=MAX_UNIT_CHARS,
        rank=voice.rank,
    )
