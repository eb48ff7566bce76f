"""The vocabulary of live speech: what every wire is translated to and from.

Commands go into a session (:class:`Open`, :class:`Text`, :class:`Flush`, :class:`End`, :class:`Cancel`), events come
out (:class:`Audio`, :class:`Mark`, :class:`Flushed`, :class:`Ended`, :class:`Failed`). Between session and engine
travel :class:`Utterance` down and :class:`Chunk` up. Everything here is an immutable value without behaviour.

Offsets in text are Unicode code points, half open. Times are seconds from the first sample of the stream's
delivered audio; positions in an engine's audio are samples at the voice's own rate.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from vivavoce.errors import VivavoceError
from vivavoce.formats import AudioFormat

MarkKind: TypeAlias = Literal["word", "phoneme", "character"]
Gender: TypeAlias = Literal["female", "male", "neutral"]
Capability: TypeAlias = Literal[
    "speed", "pitch", "pitch_range", "volume", "words", "phonemes", "phoneme_input"
]


class Boundary(Enum):
    """How a unit of text ends, so that the engine shapes pause and intonation."""

    NONE = "none"
    """In the middle of a phrase: no pause, no final fall."""
    CLAUSE = "clause"
    """At a comma or the like: a short pause, the voice stays up."""
    SENTENCE = "sentence"
    """At the end of a sentence: its own intonation and a full pause."""


# ---- commands -------------------------------------------------------------------------------------------------


class Prosody(Struct, frozen=True, kw_only=True):
    """How the voice is to speak. 1.0 (or 0 semitones) is the voice's natural way."""

    speed: float = 1.0
    """Rate of speech, 0.25 to 4; 2 halves the duration."""
    pitch_semitones: float = 0.0
    """Shift of the fundamental frequency, -24 to 24; the duration stays."""
    pitch_range: float = 1.0
    """Scale of intonation, 0 (monotone) to 2."""
    volume: float = 1.0
    """Linear gain, 0 to 4; a limiter keeps it from clipping."""


OWN_RULES: Final = "auto"
"""See :attr:`Open.rewrite_rules`."""


class Open(Struct, frozen=True, kw_only=True):
    """Starts a stream. Ranges are checked by ``session/limits.py``, names by the catalogue."""

    voice: str
    """A voice id, an alias of one, or a language tag (the best installed voice for it)."""
    format: AudioFormat
    language: str | None = None
    """BCP 47 tag; ``None`` is the voice's own."""
    prosody: Prosody = Prosody()
    style: str = "neutral"
    """A name from ``session/styles.py``."""
    style_degree: float = 1.0
    """0 (no effect) to 2 (double)."""
    duration_s: float | None = None
    """Target length of the whole stream's audio, up to 3600 s. The audio is held until the text has ended."""
    marks: frozenset[MarkKind] = frozenset()
    markup: bool = True
    """Whether ``<flush>`` and ``<break time="1.5s"/>`` in the text are obeyed rather than spoken."""
    seed: int = 0
    """Same seed, text and settings give the same samples, for engines with noise."""
    known_length: bool = False
    """Whether all the text comes before the first audio is wanted, so that headers carry true sizes."""
    listened: bool = True
    """Whether somebody listens while it is made; what nobody listens to is not kept to a listener's pace."""
    idle_flush_s: float | None = None
    """Silence of the writer after which pending whole words are spoken; ``None`` is the server's setting."""
    dictionary_id: str | None = None
    """A pronunciation dictionary of the store, applied before anything else."""
    rewrite_rules: str = ""
    """Names or aliases of ``text/rewrite`` rules, comma separated; "" or "none" for none, :data:`OWN_RULES` for
    those of the language that is spoken."""
    reduce_silence: bool = False
    """Whether pauses between sentences and clauses are kept short."""
    account: str | None = None
    """Whose custom voices and dictionaries the names may mean; set by the server, never by a wire."""
    dialect: str = ""
    """The wire it came over, for the figures; set by the server, never by a wire."""
    model: str = ""
    """The vendor's model name, for the books only."""
    client_reference_id: str = ""
    """The caller's own name for this stream, for the books only; a temporary key's goes before it."""


class Text(Struct, frozen=True):
    """More text. Pieces are joined as they come, with nothing put between them."""

    text: str


class Flush(Struct, frozen=True):
    """Speak all the text so far without waiting for more; :class:`Flushed` follows its last audio."""

    flush_id: str | None = None


class End(Struct, frozen=True):
    """No more text: speak the rest, then :class:`Ended`."""


class Cancel(Struct, frozen=True):
    """Stop now: work stops within one step, no further event comes but :class:`Ended`."""


Command: TypeAlias = Open | Text | Flush | End | Cancel

# ---- events ---------------------------------------------------------------------------------------------------


class Audio(Struct, frozen=True):
    """Encoded audio, in order, to be joined byte by byte.

    ``start_s`` and ``stop_s`` tell which stretch of the stream's audio went into the encoder for it; an encoder may
    hold some of it back until the next event.
    """

    data: bytes
    start_s: float
    stop_s: float


class Mark(Struct, frozen=True):
    """Where something of the text is heard. Never comes later than the audio it lies in."""

    kind: MarkKind
    value: str
    """Word and character marks: the caller's own characters. Phoneme marks: IPA, "" for silence."""
    start_s: float
    stop_s: float
    text_start: int
    """Offset into all the text of this stream, as the caller sent it."""
    text_stop: int


class Flushed(Struct, frozen=True):
    """All audio of the text before a :class:`Flush` (or ``<flush>``) has been sent."""

    flush_id: str | None
    audio_s: float


class Ended(Struct, frozen=True):
    """The last event of a stream that did not fail."""

    audio_s: float
    """Length of all its audio."""
    characters: int
    """Code points of text taken in."""
    cancelled: bool = False


class Failed(Struct, frozen=True):
    """The last event of a stream that failed; its neighbours go on."""

    error: VivavoceError


Event: TypeAlias = Audio | Mark | Flushed | Ended | Failed

# ---- between session and engine -----------------------------------------------------------------------------------


class Utterance(Struct, frozen=True, kw_only=True):
    """One unit of text for an engine: at most a sentence, sayable, never empty."""

    number: int
    """Counts from 0 in the order of speech within its stream."""
    voice: str
    """The id of an installed voice, resolved."""
    language: str
    text: str
    boundary: Boundary
    prosody: Prosody = Prosody()
    """Only what the voice's capabilities name is set; the session does the rest to the samples."""
    phonemes: bool = False
    """Whether phoneme marks are wanted; word marks always are."""
    pause: float = 1.0
    """Scale of the pause that follows, 0 to 1."""
    seed: int = 0


class SampleMark(Struct, frozen=True, array_like=True):
    """A mark as an engine gives it: samples from the utterance's start, span in the utterance's text."""

    kind: Literal["word", "phoneme"]
    value: str
    start: int
    stop: int
    text_start: int
    text_stop: int


class Chunk(Struct, frozen=True):
    """A piece of an utterance's audio: int16 little-endian mono at the voice's rate. Marks may precede their
    samples and never follow them."""

    pcm: bytes
    marks: tuple[SampleMark, ...] = ()


class VoiceInfo(Struct, frozen=True, kw_only=True):
    """One voice that an engine has."""

    id: str
    name: str
    engine: str
    language: str
    """BCP 47 tag of its first language."""
    languages: tuple[str, ...]
    """All it speaks, the first one first."""
    gender: Gender
    rate_hz: int
    licence: str
    description: str = ""
    capabilities: frozenset[Capability] = frozenset()
    max_unit_chars: int = 300
    """Longest utterance that keeps one step of work short."""
    rank: int = 100
    """Lower is better among voices of one language; the engine's own measured order."""
