"""What travels on Suonora's wire. Unknown fields are ignored, ``null`` is the same as absent.

Source: the vendor's streaming page, its older and newer reference pages, and the Node SDK 0.0.5.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

MAX_INPUT_CHARS: Final = 5000
DEFAULT_STYLE: Final = "calm"
DEFAULT_DEGREE: Final = 1.5
DEFAULT_LANG: Final = "en-US"

GenderName = Literal["Male", "Female"]
StyleName = Literal["neutral", "cheerful", "calm", "angry", "sad", "excited", "whispering"]


class SpeechRequest(Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of ``/v1/audio/speech`` and ``/v1/audio/stream``."""

    input: str
    model: Literal["legacy-v2.5", "sonic-speed"]
    """The second is named in the SDK only."""
    voice: str
    pitch: str | None = None
    """A signed percentage of the fundamental frequency."""
    style: StyleName | Literal[""] | None = None
    style_degree: Annotated[float, Meta(ge=0.5, le=2.0)] | None = None
    lang: str | None = None
    """BCP 47."""


class VoiceRow(Struct, frozen=True):
    """One voice; all strings."""

    id: str
    name: str
    gender: GenderName
    locale: str
    mp3_preview: str


class Voices(Struct, frozen=True):
    success: Literal[True]
    voices: list[VoiceRow]


class Credits(Struct, frozen=True):
    """Characters of the month."""

    total_credits: int
    used_credits: int
    remaining_credits: int
    """Negative when more was used than there was."""
    overage_characters: int
    overage_amount_usd: float


class Balance(Struct, frozen=True):
    success: Literal[True]
    balance: Credits


class ErrorBody(Struct, frozen=True):
    success: Literal[False]
    message: str
