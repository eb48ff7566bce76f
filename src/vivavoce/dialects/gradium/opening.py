"""From a setup or a one-shot body to the stream it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from vivavoce.dialects.gradium.blocks import Blocks, OggBlocks, SampleBlocks
from vivavoce.dialects.gradium.cast import NAMES
from vivavoce.dialects.gradium.config import config
from vivavoce.dialects.gradium.messages import OneShot, Setup
from vivavoce.errors import UnknownFormatError, UnknownModelError, quoted
from vivavoce.formats import AudioFormat, audio_format
from vivavoce.speech import OWN_RULES, Open

DEFAULT_MODEL: Final = "default"
DEFAULT_VOICE: Final = "default"
DEFAULT_FORMAT: Final = "wav"
WAV_HEADER_BYTES: Final = 44
_MODEL: Final = re.compile(r"default|gradium-tts(-beta)?(-\d{6})?")


class Output(Struct, frozen=True):
    """One ``output_format``."""

    format: AudioFormat
    media_type: str
    silence: bytes = b"\0\0"
    """One silent sample; empty where samples are not bytes."""
    header_bytes: int = 0

    def blocks(self) -> Blocks:
        """A divider of one request's audio."""
        if not self.silence:
            return OggBlocks()
        return SampleBlocks(self.format.rate_hz, self.silence, self.header_bytes)


def _pcm(rate_hz: int) -> Output:
    return Output(audio_format("pcm_s16le", rate_hz=rate_hz), "audio/pcm")


def _law(name: str, silence: bytes) -> Output:
    made = audio_format(name, rate_hz=8000)
    return Output(made, made.media_type, silence)


OUTPUTS: Final[Mapping[str, Output]] = {
    "wav": Output(audio_format("wav", rate_hz=48000), "audio/wav", header_bytes=WAV_HEADER_BYTES),
    "pcm": _pcm(48000),
    **{f"pcm_{rate_hz}": _pcm(rate_hz) for rate_hz in (8000, 16000, 22050, 24000, 44100, 48000)},
    "opus": Output(audio_format("opus", rate_hz=48000), "audio/ogg", silence=b""),
    "ulaw_8000": _law("mulaw", b"\xff"),
    "mulaw_8000": _law("mulaw", b"\xff"),
    "alaw_8000": _law("alaw", b"\xd5"),
}
"""Every ``output_format``; mono throughout (table of output formats, docs.gradium.ai, read 2026-11-21)."""


class Opening(Struct, frozen=True):
    """A request, understood."""

    open: Open
    output: Output
    model_name: str
    """As the request called it."""
    words: bool
    """Whether ``text`` messages are wanted."""


def opening(said: Setup | OneShot, *, words: bool = True) -> Opening:
    """What ``said`` asks for. Raises VivavoceError; voices and dictionaries are looked up when the stream opens."""
    model = said.model_name or DEFAULT_MODEL
    if not _MODEL.fullmatch(model):
        raise UnknownModelError(f"Unknown model {quoted(model)}", param="model_name")
    settings = config(said.json_config)
    output = output_of(said.output_format or DEFAULT_FORMAT)
    rules = settings.rewrite_rules
    return Opening(
        Open(
            voice=NAMES.get(voice_of(said).lower(), voice_of(said)),
            format=output.format,
            prosody=settings.prosody,
            marks=frozenset({"word"}) if words else frozenset(),
            dictionary_id=said.pronunciation_id or None,
            rewrite_rules=OWN_RULES if rules is None else rules,
            model=model,
        ),
        output,
        model,
        words,
    )


def voice_of(said: Setup | OneShot) -> str:
    """The id or name that ``said`` gives for the voice."""
    return said.voice_id or (said.voice if isinstance(said, Setup) else None) or DEFAULT_VOICE


def output_of(name: str) -> Output:
    """Raises UnknownFormatError."""
    found = OUTPUTS.get(name)
    if found is None:
        raise UnknownFormatError(
            f"Unsupported output_format {quoted(name)}; expected one of {', '.join(OUTPUTS)}",
            param="output_format",
        )
    return found
