"""Suonora's voices and balance."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from vivavoce.dialects.desk import Answer, Call, Desk
from vivavoce.dialects.suonora import errors
from vivavoce.dialects.suonora import messages as wire
from vivavoce.dialects.suonora.cast import CAST
from vivavoce.speech import Gender, VoiceInfo

UNLIMITED_CREDITS: Final = 1_000_000_000
"""What a key without a limit is told it has: the SDK wants numbers."""
GENDERS: Final[dict[Gender, wire.GenderName]] = {"male": "Male", "female": "Female", "neutral": "Female"}
NO_PREVIEW: Final = ""

_encode = msgspec.json.Encoder().encode


async def list_voices(call: Call, desk: Desk) -> Answer:
    """``GET /v1/voices/list``: the vendor's voices, then the installed ones. No pages, no filters."""
    own = [
        wire.VoiceRow(voice_id, one.name, GENDERS[one.gender], one.locale, NO_PREVIEW)
        for voice_id, one in CAST.items()
    ]
    return _answered(wire.Voices(True, own + [_row(voice) for voice in desk.voices()]))


async def balance(call: Call, desk: Desk) -> Answer:
    """``GET /v1/balance`` and ``/v1/user/balance``. There is no overage here: a key without characters is refused."""
    used = desk.characters_this_month(call.account)
    total = desk.character_allowance(call.account)
    total = max(UNLIMITED_CREDITS, used) if total is None else total
    over = max(0, used - total)
    return _answered(wire.Balance(True, wire.Credits(total, used, total - used, over, 0.0)))


def _row(voice: VoiceInfo) -> wire.VoiceRow:
    return wire.VoiceRow(voice.id, voice.name, GENDERS[voice.gender], voice.language, NO_PREVIEW)


def _answered(body: Struct) -> Answer:
    return Answer(200, errors.JSON, _encode(body))
