"""``json_config``: the model's settings, and what they are to our voices.

``padding_bonus`` is speed: ±2 is about ∓30 % of it, by which the audio is so much longer or shorter. ``temp`` is how
freely the voice moves; nothing here is random, so it scales the intonation. ``cfg_coef``, the likeness to the voice,
has nothing to act on; it is checked like the others. Ranges are those the vendor validates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from vivavoce.dialects.gradium.errors import CONFIG
from vivavoce.errors import OutOfRangeError, WrongTypeError
from vivavoce.speech import Prosody
from vivavoce.text.rewrite import rules

RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "temp": (0.0, 1.5),
    "padding_bonus": (-5.0, 5.0),
    "cfg_coef": (1.0, 10.0),
}
DEFAULT_TEMP: Final = 0.7
LONGER_PER_BONUS: Final = 0.15
"""Share of the duration that one point of ``padding_bonus`` adds."""
RANGE_PER_TEMP: Final = 0.5
"""Share of the intonation that one point of ``temp`` adds."""


class Config(Struct, frozen=True):
    """A request's settings."""

    prosody: Prosody = Prosody()
    rewrite_rules: str | None = None
    """``None`` means those of the voice's language."""


def config(value: object) -> Config:
    """The settings in ``json_config``: an object, a string of JSON, or nothing. Unknown keys are ignored.

    Raises WrongTypeError or OutOfRangeError.
    """
    given = _object(value)
    numbers = {name: _number(name, given.get(name)) for name in RANGES}
    speed, pitch_range = 1.0, 1.0
    if (bonus := numbers["padding_bonus"]) is not None:
        speed = 1 / (1 + LONGER_PER_BONUS * bonus)
    if (temp := numbers["temp"]) is not None:
        pitch_range = 1 + RANGE_PER_TEMP * (temp - DEFAULT_TEMP)
    return Config(Prosody(speed=speed, pitch_range=pitch_range), _rules(given.get("rewrite_rules")))


def _object(value: object) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value) if value.strip() else None
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            # The message is one, so this is the setup's fault, not the protocol's.
            raise WrongTypeError("json_config should be valid JSON", param=CONFIG) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise WrongTypeError("json_config should be an object", param=CONFIG)
    return value


def _number(name: str, value: object) -> float | None:
    if value is None:
        return None
    low, high = RANGES[name]
    param = f"{CONFIG}.{name}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WrongTypeError(f"{name} should be a number between {low} and {high}", param=param)
    if not (math.isfinite(value) and low <= value <= high):
        raise OutOfRangeError(f"{name} should be between {low} and {high}", param=param)
    return float(value)


def _rules(value: object) -> str | None:
    if value is None:
        return None
    param = f"{CONFIG}.rewrite_rules"
    if not isinstance(value, str):
        raise WrongTypeError("rewrite_rules should be a string", param=param)
    try:
        rules(value)
    except OutOfRangeError as error:
        raise OutOfRangeError(error.message, param=param) from None
    return value
