"""The catalogue: which voice a name means, and which voice is best for a language.

A name is, in this order: a voice's id; an alias; a language tag, which means the best voice for that language; an
espeak-ng pair of language and speaker ("de+klatt4") that is not among the listed voices. Case does not matter, unless
ids differ in nothing else: then each is meant by its own spelling, and the first of the listing by any other.

**The one rule for "best".** A voice that speaks exactly the language asked for comes before one of a neighbour
(en-GB before en-US when en-GB is asked for), and among equals the lower ``rank`` wins: the engines' own measured
order, the word error rate of an independent recogniser. For English that makes it ``rms`` of flite (1.8 %), the
woman's voice ``slt`` (5.0 %), and without libflite ``en-us+edward``.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Final

import msgspec

from vivavoce.errors import UnknownLanguageError, UnknownVoiceError, quoted
from vivavoce.speech import Gender, VoiceInfo
from vivavoce.text.language import primary, subtags

_SUGGESTIONS: Final = 3
_FAR: Final = 100
"""Distance of a language that is another one."""


class Catalogue:
    """The installed voices. A value: give it all it is to know, and make a new one when that changes."""

    def __init__(
        self,
        voices: Sequence[VoiceInfo],
        *,
        aliases: Mapping[str, str] | None = None,
        variants: Mapping[str, Gender] | None = None,
    ) -> None:
        """``aliases`` lead from other names (a vendor's) to ids or language tags.

        ``variants`` are the speakers that may stand behind the ``+`` of an id whose engine takes any; without
        them every speaker is believed, and the engine refuses what it does not have.
        """
        self._voices = tuple(voices)
        self._exact = {voice.id: voice for voice in voices}
        self._ids = {
            voice.id.lower(): voice for voice in sorted(self._exact.values(), key=_place, reverse=True)
        }
        self._aliases = {name.lower(): target for name, target in (aliases or {}).items()}
        self._variants = None if variants is None else {name.lower(): name for name in variants}
        self._genders = dict(variants or {})
        self._primary: dict[str, list[VoiceInfo]] = {}
        """Voices by each of their languages."""
        for voice in voices:
            for part in {primary(tag) for tag in voice.languages}:
                self._primary.setdefault(part, []).append(voice)
        self._bases = {voice.id.partition("+")[0].lower(): voice for voice in voices if "+" in voice.id}

    def resolve(self, name: str, language: str | None = None) -> VoiceInfo:
        """The voice called ``name``, which has to speak ``language`` when that is given.

        Raises UnknownVoiceError, naming what is close, and UnknownLanguageError.
        """
        meant = name.strip()
        meant = self._aliases.get(meant.lower(), meant)
        key = meant.lower()
        voice = self._exact.get(meant) or self._ids.get(key)
        if voice is None and "+" in key:
            voice = self._pair(key)
        if voice is not None:
            return self._speaking(voice, language)
        if self._speaks(key):
            return self.best(_narrower(key, language))
        raise UnknownVoiceError(
            f"no voice and no language is called {quoted(name)}{self._near(key)}", param="voice"
        )

    def best(self, language: str, gender: Gender | None = None) -> VoiceInfo:
        """The best voice for ``language``, of ``gender`` when that is given. Raises UnknownLanguageError."""
        found = [voice for voice in self.listing(language) if gender is None or voice.gender == gender]
        if not found:
            what = f"{gender} voice" if gender else "voice"
            raise UnknownLanguageError(
                f"no {what} speaks {quoted(language)}; languages here: {self._languages()}", param="language"
            )
        return found[0]

    def listing(self, language: str | None = None) -> Sequence[VoiceInfo]:
        """Every voice, by language and then best first; with ``language`` those that speak it, best first."""
        if language is None:
            return sorted(self._voices, key=_place)
        wanted = subtags(language)
        found = self._primary.get(wanted[0], [])
        return sorted(found, key=lambda voice: (_distance(voice, wanted), voice.rank, voice.id))

    def _speaks(self, language: str) -> bool:
        return primary(language) in self._primary

    def _speaking(self, voice: VoiceInfo, language: str | None) -> VoiceInfo:
        """``voice``, if it speaks ``language`` or another form of it."""
        if language is not None and _distance(voice, subtags(language)) >= _FAR:
            raise UnknownLanguageError(
                f"voice {voice.id} speaks {', '.join(voice.languages)}, not {quoted(language)}",
                param="language",
            )
        return voice

    def _pair(self, key: str) -> VoiceInfo | None:
        """The voice of a language and a speaker who is not listed for it."""
        language, _, speaker = key.partition("+")
        model = self._bases.get(language)
        if model is None and self._speaks(language):
            model = next((voice for voice in self.listing(language) if "+" in voice.id), None)
        if model is None:
            return None
        if self._variants is not None:
            if speaker not in self._variants:
                raise UnknownVoiceError(
                    f"no speaker is called {quoted(speaker)}{_close(speaker, list(self._variants))}",
                    param="voice",
                )
            speaker = self._variants[speaker]
        base = model.id.partition("+")[0]
        listed = self._ids.get(f"{base}+{speaker}".lower())
        return listed or msgspec.structs.replace(
            model,
            id=f"{base}+{speaker}",
            name=f"{model.name.partition(',')[0]}, {speaker}",
            gender=self._genders.get(speaker, "neutral"),
            description=f"Speaker “{speaker}”, not one of those chosen by measurement.",
        )

    def _near(self, key: str) -> str:
        known = [
            *self._ids,
            *self._aliases,
            *{tag.lower() for voice in self._voices for tag in voice.languages},
        ]
        return _close(key, known) or f"; languages here: {self._languages()}"

    def _languages(self) -> str:
        """The languages that are spoken, without their regional forms, for a message."""
        return ", ".join(sorted(self._primary)) or "none"


def _place(voice: VoiceInfo) -> tuple[str, int, str]:
    """What the listing is ordered by."""
    return voice.language.lower(), voice.rank, voice.id


def _close(name: str, known: Sequence[str]) -> str:
    """Words for a message: what is spelled like ``name``; empty when nothing is."""
    found = difflib.get_close_matches(name, known, n=_SUGGESTIONS, cutoff=0.6)
    return f"; did you mean {' or '.join(found)}?" if found else ""


def _distance(voice: VoiceInfo, wanted: tuple[str, ...]) -> int:
    """How far ``voice`` is from speaking ``wanted``: 0 for just that, _FAR for another language.

    Each part of ``wanted`` that a form of the same language does not have makes it further.
    """
    return min((_between(subtags(tag), wanted) for tag in voice.languages), default=_FAR)


def _between(spoken: tuple[str, ...], wanted: tuple[str, ...]) -> int:
    if spoken[0] != wanted[0]:
        return _FAR
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(spoken, wanted, strict=False)))
    return 2 * (len(wanted) - common) + (len(spoken) > common)


def _narrower(name: str, language: str | None) -> str:
    """The more exact of two tags for the same language. Raises UnknownLanguageError when they are not."""
    if language is None:
        return name
    a, b = subtags(name), subtags(language)
    if a[0] != b[0]:
        raise UnknownLanguageError(
            f"voice {quoted(name)} is a language, and another one than {quoted(language)}", param="language"
        )
    return language if len(b) >= len(a) else name
