"""Soniox's models and languages, as their requests name them.

Sources: Soniox "Get TTS models" and "TTS models" pages, and the Python package 2.10.0, read 2026-11-21.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

SPEED_MIN: Final = 0.7
SPEED_MAX: Final = 1.3


class Model(Struct, frozen=True):
    """One model name. ``alias_of`` is the model that it stands for, ``id`` itself when it is none."""

    id: str
    name: str
    alias_of: str
    silence_reduction: bool


MODELS: Final[dict[str, Model]] = {
    model.id: model
    for model in (
        Model("tts-rt-v2", "Text-to-Speech Real-time v2", "tts-rt-v2", True),
        Model("tts-rt-v1", "Text-to-Speech Real-time v1", "tts-rt-v1", False),
        Model("tts-rt-v1-preview", "Text-to-Speech Real-time v1 Preview", "tts-rt-v1", False),
    )
}

LANGUAGES: Final[dict[str, str]] = {
    "af": "Afrikaans",
    "ar": "Arabic",
    "az": "Azerbaijani",
    "be": "Belarusian",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "bs": "Bosnian",
    "ca": "Catalan",
    "cs": "Czech",
    "cy": "Welsh",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "gl": "Galician",
    "gu": "Gujarati",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "is": "Icelandic",
    "it": "Italian",
    "ja": "Japanese",
    "kk": "Kazakh",
    "kn": "Kannada",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "mk": "Macedonian",
    "ml": "Malayalam",
    "mr": "Marathi",
    "ms": "Malay",
    "nl": "Dutch",
    "no": "Norwegian",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sq": "Albanian",
    "sr": "Serbian",
    "su": "Sundanese",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "uz": "Uzbek",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
"""The 63 codes of the wire, ISO 639-1; a regional form such as "en-US" is none of them."""

_TAGS: Final = {"en": "en-US"}
"""Codes that mean a regional form here: the vendor's English is American."""


def tag(code: str) -> str:
    """The BCP 47 tag that a code of :data:`LANGUAGES` asks the installed voices for."""
    return _TAGS.get(code, code)
