"""From the SDK's names of options to the wire's."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final

from vivavoce.client.types import RealtimeTTSConfig, SpeechOptions
from vivavoce.errors import VivavoceValidationError, quoted

_WIRE_NAMES: Final = {
    "output_format": "format",
    "sample_rate": "sample_rate_hz",
    "bitrate": "bit_rate_bps",
}
KNOWN: Final = tuple(SpeechOptions.__annotations__)
DEFAULTS: Final[dict[str, Any]] = {"output_format": "wav", "marks": ("word",)}
_FORMATS: Final = {"pcm_mulaw": "mulaw", "pcm_alaw": "alaw"}


def opening(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an ``open`` for these options; ranges and names are the server's to check.

    Raises VivavoceValidationError for an option that does not exist.
    """
    for name in given:
        if name not in KNOWN:
            near = difflib.get_close_matches(name, KNOWN, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"expected some of {', '.join(KNOWN)}"
            raise VivavoceValidationError(
                f"there is no option {quoted(name)}; {hint}", code="unknown_option", param=name
            )
    merged = {**DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    merged["marks"] = list(merged["marks"])
    return {_WIRE_NAMES.get(name, name): value for name, value in merged.items()}


def whole(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an ``open`` for speech that is wanted whole: nobody hears it as it comes. Raises like :func:`opening`."""
    return {**opening(given), "listened": False}


def realtime(config: RealtimeTTSConfig) -> dict[str, Any]:
    """The fields of an ``open`` for a realtime stream's config."""
    return opening(
        {
            "voice": config.voice,
            "language": config.language,
            "output_format": _FORMATS.get(config.audio_format, config.audio_format),
            "sample_rate": config.sample_rate,
            "bitrate": config.bitrate,
            "speed": config.speed,
            "reduce_silence": config.reduce_silence,
            "marks": ("character",) if config.return_timestamps else (),
        }
    )
