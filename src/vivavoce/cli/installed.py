"""The voices of this machine, found without starting any worker."""

from __future__ import annotations

from collections.abc import Sequence

from vivavoce.engines import registry
from vivavoce.errors import MissingDependencyError, UnknownLanguageError, UnknownVoiceError
from vivavoce.settings import Settings
from vivavoce.speech import VoiceInfo
from vivavoce.voices.catalogue import Catalogue

NO_VOICES = "no voices found; install the espeak engine's library with `pip install espeakng-loader`, or the system's flite"


def catalogue(settings: Settings) -> Catalogue:
    """The voices of the engines that ``settings`` allow, as the server would find them.

    Raises MissingDependencyError when there are none.
    """
    names = [name.strip() for name in settings.engines.split(",") if name.strip()]
    voices = [voice for engine in registry.load_engines(names).values() for voice in engine.voices()]
    if not voices:
        raise MissingDependencyError(NO_VOICES)
    return Catalogue(voices)


def default_voice(known: Catalogue, language: str) -> VoiceInfo | None:
    """Who speaks when only ``language`` is asked for; ``None`` when nobody does."""
    try:
        return known.best(language)
    except UnknownLanguageError:
        return None


def is_installed(settings: Settings, name: str) -> bool:
    """Whether an installed voice, or a language that one speaks, is called ``name``."""
    try:
        catalogue(settings).resolve(name)
    except UnknownVoiceError:
        return False
    return True


def count_languages(voices: Sequence[VoiceInfo]) -> int:
    """Languages that ``voices`` speak; en-US and en-GB are one."""
    return len({language.split("-")[0] for voice in voices for language in voice.languages})
