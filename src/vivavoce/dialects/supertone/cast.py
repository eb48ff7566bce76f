"""Supertone's models, languages and voices.

Models: the vendor's OpenAPI 0.9.6 and model pages. Voices: those whose ids stand in clients that people have shipped,
with the styles that they ask of them; the vendor has ended its service, so no newer list exists.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from msgspec import Struct

from vivavoce.dialects.contract import VoiceAlias
from vivavoce.speech import Gender

Language = Literal[
    "en", "ko", "ja", "bg", "cs", "da", "el", "es", "et", "fi", "hu", "it", "nl", "pl", "pt", "ro",
    "ar", "de", "fr", "hi", "id", "ru", "vi", "hr", "lt", "lv", "sk", "sl", "sv", "tr", "uk",
]  # fmt: skip
ModelName = Literal[
    "sona_speech_1",
    "sona_speech_2",
    "sona_speech_2_flash",
    "supertonic_api_1",
    "supertonic_api_3",
    "sona_speech_2t",
    "sona_speech_3t",
]
LANGUAGES: Final[tuple[str, ...]] = get_args(Language)
_SONA_2: Final = LANGUAGES[:23]
"""Up to Vietnamese, in the order of the vendor's table."""


class Model(Struct, frozen=True, kw_only=True):
    """What one model can do."""

    languages: tuple[str, ...]
    streams: bool = False
    phonemes: bool = True
    normalized_text: bool = False
    expressive: bool = True
    """Whether pitch and duration are obeyed. What a model does not obey is ignored, never refused."""


MODELS: Final[dict[str, Model]] = {
    "sona_speech_1": Model(languages=("en", "ko", "ja"), streams=True),
    "sona_speech_2": Model(languages=_SONA_2, normalized_text=True),
    "sona_speech_2_flash": Model(languages=_SONA_2, normalized_text=True),
    "supertonic_api_1": Model(languages=("en", "ko", "ja", "es", "pt"), phonemes=False, expressive=False),
    "supertonic_api_3": Model(languages=LANGUAGES, phonemes=False, expressive=False),
    # In the SDK's list only; the vendor says nothing of them.
    "sona_speech_2t": Model(languages=_SONA_2),
    "sona_speech_3t": Model(languages=LANGUAGES),
}
DEFAULT_MODEL: Final = "sona_speech_1"

STYLES: Final = (
    "neutral", "happy", "sad", "angry", "calm", "serene", "kind", "shy", "curious", "confident", "unfriendly",
    "embarrassed", "painful", "admiring", "anxious", "cheerful", "excited", "serious", "fearful", "friendly",
    "whispering", "shouting",
)  # fmt: skip
"""What every voice here can do; the first is the default."""

Age = Literal["child", "young-adult", "middle-aged", "elder"]


class Character(Struct, frozen=True):
    """One of the vendor's voices."""

    name: str
    gender: Gender
    age: Age = "young-adult"
    use_case: str = "narration"
    description: str = ""


CAST: Final[dict[str, Character]] = {
    "91992bbd4758bdcf9c9b01": Character(
        "Adam", "male", use_case="narration", description="Steady, trustworthy."
    ),
    "e5f6fb1a53d0add87afb4f": Character("Agatha", "female", description="Serene narrator."),
    "4653d63d07d5340656b6bc": Character("Andrew", "male", use_case="game", description="Curious, lively."),
    "259d4ac1ecf560c0f76e08": Character("Anna", "female", use_case="storytelling", description="Expressive."),
    "c3c0898fd41489a8e8919c": Character(
        "Alphonse", "male", use_case="storytelling", description="Expressive."
    ),
    "1f6b70f879da125bfec245": Character(
        "Audrey", "female", use_case="advertisement", description="Confident."
    ),
    "ead6b9de6beb66dc8f6d2d": Character("Andy", "male", use_case="education", description="Warm, friendly."),
    "52dc253df44d06aa7f0867": Character(
        "Bella", "female", use_case="announcement", description="Kind, warm."
    ),
    "7c56c6a6471a12816604f0": Character(
        "Ariel", "female", use_case="game", description="Bright, a little shy."
    ),
    "d9411052b13cba9cb4c313": Character("Allen", "male", "middle-aged", "documentary", "Deep, weighty."),
    "2cd6c38c7087106be21888": Character("Aya", "female", use_case="audiobook", description="Even, quiet."),
    "ac449f240c2732b7f0b8bb": Character("Aiko", "female", "child", "game", "Small and lively."),
}
"""By voice id."""

VOICES: Final[dict[str, VoiceAlias]] = {
    voice_id: VoiceAlias(gender=one.gender, description=f"{one.name}: {one.description}")
    for voice_id, one in CAST.items()
}
