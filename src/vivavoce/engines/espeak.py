"""espeak-ng: more than a hundred languages, always there, at a thousandth of real time.

A voice id is ``<language file>+<variant>``, "en-us+edward". One step speaks the whole utterance.

How a unit ends. At a sentence's end the text is spoken as it stands, in the middle of one with a comma. For a unit
without a boundary the text is followed by espeak-ng's own command for a change of voice, which ends the clause with
neither a final tone nor a pause: the pitch contour is that of the same words inside a longer sentence (measured:
the last syllable stays at 108 Hz, as in the sentence that goes on; 78 Hz at a full stop). The pauses are ours.

What does not come out twice the same: flutter and breath run on from one utterance to the next inside the library
and cannot be reset, so equal requests differ in single samples and by a few samples of length. ``seed`` has no effect.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from vivavoce.engines.base import Emit
from vivavoce.engines.boundaries import bare, ends_in_clause_mark, pause_samples
from vivavoce.engines.espeak_guard import guarded
from vivavoce.engines.espeak_library import RATE_HZ, Event, Library, Parameters
from vivavoce.engines.espeak_marks import Transcript
from vivavoce.engines.espeak_voices import MAN, WOMAN, Language, Variant, languages, variants
from vivavoce.errors import EngineError, quoted
from vivavoce.speech import Boundary, Capability, Gender, Prosody, Utterance, VoiceInfo

LICENCE: Final = "GPL-3.0-or-later (espeak-ng and its data)"
CAPABILITIES: Final[frozenset[Capability]] = frozenset(
    {"speed", "pitch", "pitch_range", "words", "phonemes", "phoneme_input"}
)
MEASURED_LANGUAGE: Final = "en-us"
"""The language whose variants have been measured, and so the first choice for English."""

_VARIANT_VOLUME: Final = {MAN: 70, WOMAN: 90}
_VOLUME: Final = 70
"""The loudest at which the curated voices, which are then equally loud, hardly ever reach full scale in any language
(``edward`` does at 75 in Western Armenian), and what other speakers get."""

SPEEDS: Final = (
    (0.515, 80), (0.548, 90), (0.67, 110), (0.795, 130), (0.912, 150), (1.0, 165), (1.208, 200), (1.429, 240),
    (1.644, 280), (1.871, 320), (2.117, 360), (2.301, 400), (2.529, 450),
)  # fmt: skip
"""Rate of speech against words a minute, measured on a sentence without inner pauses (en-us+edward). Beyond the ends
the nearest is used; pauses at commas inside a unit shrink faster than the speech."""

PITCHES: Final = (
    (-7.4, 0), (-6.0, 10), (-4.8, 20), (-3.2, 30), (-1.7, 40), (0.0, 50), (1.65, 60), (3.45, 70), (5.2, 80),
    (7.2, 90), (8.9, 99),
)  # fmt: skip
"""Semitones against the library's pitch, measured as the median fundamental frequency of edward, f2 and en-us."""

_RANGE_SHIFT_SEMITONES: Final = 2.1
"""How far the median pitch falls when the range goes from natural to nothing; it is added back."""

_NO_BOUNDARY: Final = "\x01V "
"""The command for a change of voice, without a name: ends the clause with no tone and no pause."""
_PHONEME_INPUT: Final = re.compile(r"\[\[(?=[^\[\]]*[A-Za-z])[!-Z\\^-~]+(?: [!-Z\\^-~]+)*\]\]")
"""``[[...]]``: mnemonics in printable ASCII, a letter among them, words divided by single spaces."""


class EspeakEngine:
    """Every language and variant of espeak-ng. The library is loaded by the first ``load`` or ``plan`` only."""

    name = "espeak"

    def __init__(self, path: Path | None = None, data: Path | None = None) -> None:
        """The library at ``path`` with the folder ``espeak-ng-data`` at ``data``; by default espeakng-loader's."""
        found_path, found_data = (path, data) if path and data else _installed()
        self._path = path or found_path
        self._data = data or found_data

    def voices(self) -> Sequence[VoiceInfo]:
        """A man's and a woman's voice for every language; :meth:`speakers` names the others."""
        return [
            _voice(language, self._variants[file])
            for language in self._languages.values()
            for file in (MAN, WOMAN)
            if file in self._variants
        ]

    def speakers(self) -> Mapping[str, Gender]:
        return {variant.file: variant.gender for variant in self._variants.values()}

    def load(self, voice: str) -> None:
        self._check(voice)
        self._library.choose(voice)

    def plan(self, utterance: Utterance) -> EspeakJob:
        self._check(utterance.voice)
        return EspeakJob(self._library, utterance)

    @cached_property
    def _languages(self) -> dict[str, Language]:
        return {language.file: language for language in languages(self._data)} if self._data else {}

    @cached_property
    def _variants(self) -> dict[str, Variant]:
        return variants(self._data) if self._data else {}

    @cached_property
    def _library(self) -> Library:
        if self._path is None or self._data is None:
            raise EngineError("espeak-ng is not installed; install the Python package espeakng-loader")
        return Library(self._path, self._data)

    def _check(self, voice: str) -> None:
        language, plus, variant = voice.partition("+")
        if language not in self._languages or (plus and variant not in self._variants):
            raise EngineError(
                f"espeak-ng: expected a voice like {MEASURED_LANGUAGE}+{MAN}, got {quoted(voice)}"
            )


class EspeakJob:
    """One utterance, made in one step."""

    def __init__(self, library: Library, utterance: Utterance) -> None:
        self._library = library
        self._utterance = utterance
        self._cancelled = False

    def step(self, max_samples: int, emit: Emit) -> bool:
        """Speaks all of it: it cannot pause, and a sentence takes about a thousandth of its length."""
        if self._cancelled:
            return True
        self._cancelled = True
        utterance = self._utterance
        transcript = Transcript(utterance.text, phonemes=utterance.phonemes)
        listening = True

        def listen(pcm: bytes, events: list[Event]) -> bool:
            nonlocal listening
            for chunk in transcript.feed(pcm, events):
                listening = emit(chunk)
                if not listening:
                    break
            return listening

        text, phoneme_input = sayable(utterance.text, utterance.boundary)
        self._library.speak(utterance.voice, text, parameters(utterance), listen, phoneme_input=phoneme_input)
        if listening:
            pause = pause_samples(utterance.boundary, utterance.prosody.speed, RATE_HZ, utterance.pause)
            for chunk in transcript.finish(pause):
                if not emit(chunk):
                    break
        return True

    def cancel(self) -> None:
        self._cancelled = True


def sayable(text: str, boundary: Boundary) -> tuple[str, bool]:
    """``text`` as the library is to get it, every character in its place, and whether ``[[...]]`` is obeyed in it.

    Control characters (the library's own commands and NUL) and lone surrogates become spaces, and what is known to
    crash the library is guarded. Double brackets are obeyed when some are well formed; others in the same text are then
    blunted.
    """
    text = "".join(" " if c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" else c for c in text)
    text = guarded(text)
    phonemes = [found.span() for found in _PHONEME_INPUT.finditer(text)]
    if phonemes:
        text = _blunted(text, phonemes)
    match boundary:
        case Boundary.NONE:
            text = bare(text) + _NO_BOUNDARY
        case Boundary.CLAUSE if not ends_in_clause_mark(text):
            text = bare(text) + ","
        case Boundary.SENTENCE if ends_in_clause_mark(text):
            text = bare(text) + "."
    return text, bool(phonemes)


def parameters(utterance: Utterance) -> Parameters:
    """The library's numbers for an utterance's prosody."""
    prosody = utterance.prosody
    _, _, variant = utterance.voice.partition("+")
    return Parameters(
        words_per_minute=round(_interpolate(SPEEDS, prosody.speed)),
        pitch=round(_interpolate(PITCHES, _semitones(prosody))),
        pitch_range=min(99, max(0, round(50 * prosody.pitch_range))),
        volume=_VARIANT_VOLUME.get(variant, _VOLUME),
    )


def _semitones(prosody: Prosody) -> float:
    return prosody.pitch_semitones + _RANGE_SHIFT_SEMITONES * (1.0 - prosody.pitch_range)


def _interpolate(points: Sequence[tuple[float, int]], x: float) -> float:
    """The broken line through ``points`` (ascending) at ``x``, level beyond its ends."""
    x = min(max(x, points[0][0]), points[-1][0])
    right = min(bisect_right(points, x, key=lambda point: point[0]), len(points) - 1)
    (x0, y0), (x1, y1) = points[right - 1], points[right]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


def _blunted(text: str, keep: Sequence[tuple[int, int]]) -> str:
    """``text`` with a space in every ``[[`` outside the spans to ``keep``."""
    starts = {start for start, _ in keep}
    characters = list(text)
    for found in re.finditer(r"\[(?=\[)", text):
        if found.start() not in starts:
            characters[found.start()] = " "
    return "".join(characters)


def _installed() -> tuple[Path | None, Path | None]:
    """Where espeakng-loader keeps library and data; ``None`` twice without it."""
    try:
        import espeakng_loader

        path, data = Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())
    except (ImportError, RuntimeError):
        return None, None
    return (path, data) if path.exists() else (None, None)


def _voice(language: Language, variant: Variant) -> VoiceInfo:
    man = variant.file == MAN
    return VoiceInfo(
        id=f"{language.file}+{variant.file}",
        name=f"{language.name}, {'man' if man else 'woman'}",
        engine=EspeakEngine.name,
        language=language.tags[0],
        languages=language.tags,
        gender=variant.gender,
        rate_hz=RATE_HZ,
        licence=LICENCE,
        description=f"Formant synthesis, clear and robotic; speaker “{variant.file}”.",
        capabilities=CAPABILITIES,
        rank=_rank(language, man),
    )


def _rank(language: Language, man: bool) -> int:
    """After every engine that sounds human; the measured man's voice first, then the usual file of a language."""
    base = 100 if language.file == MEASURED_LANGUAGE else 100 + 10 * language.priority
    return base + (0 if man else 5)
