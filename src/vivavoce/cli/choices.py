"""What the command line of ``vivavoce say`` means: which text, which sound, which request. Nothing is spoken here."""

from __future__ import annotations

from typing import Any, Final

import click
from msgspec import Struct

from vivavoce.cli.reading import without_surrogates
from vivavoce.cli.sinks import EXTENSIONS, format_of_path
from vivavoce.errors import EmptyTextError, OutOfRangeError, quoted
from vivavoce.formats import AudioFormat, audio_format
from vivavoce.speech import Open, Prosody

PLAY_RATE_HZ: Final = 48000
"""What players get: all sound systems take it."""


class Choices(Struct, frozen=True, kw_only=True):
    """What the command line said, each as its option's help describes it."""

    text: str | None
    file: str | None
    stdin: bool
    output: str | None
    play: bool
    format: str | None
    rate: int | None
    bit_rate: int | None
    voice: str
    language: str | None
    speed: float
    pitch: float
    pitch_range: float
    volume: float
    style: str
    style_degree: float
    duration: float | None
    seed: int
    dictionary: str | None
    rewrite: str
    marks: str | None
    markup: bool
    quiet: bool
    json: bool


class Sound(Struct, frozen=True):
    """The audio asked for; the rate may depend on the voice, which is known later."""

    name: str
    rate_hz: int | None = None
    bit_rate_bps: int | None = None

    def format(self, voice_rate_hz: int = 24000) -> AudioFormat:
        """The format for a voice of that rate. Raises UnknownFormatError."""
        return audio_format(
            self.name, rate_hz=self.rate_hz, bit_rate_bps=self.bit_rate_bps, voice_rate_hz=voice_rate_hz
        )


def chosen(text: tuple[str, ...], given: dict[str, Any], *, stdin_waits: bool) -> Choices:
    """The command line as :class:`Choices`.

    ``stdin_waits`` says that standard input is no terminal; it is spoken when nothing else is named.
    Raises UsageError for options that contradict each other, EmptyTextError for blank text.
    """
    joined = without_surrogates(" ".join(text)) if text else None
    if joined == "-":
        joined, given["stdin"] = None, True
    sources = (joined is not None) + (given["file"] is not None) + given["stdin"]
    if sources > 1:
        raise click.UsageError("expected one of TEXT, --file and --stdin, got several")
    if given["output"] is not None and given["play"]:
        raise click.UsageError("expected one of -o and --play, got both")
    if sources == 0 and not stdin_waits:
        raise click.UsageError("nothing to say: expected TEXT, --file FILE or --stdin")
    if joined is not None and not joined.strip():
        raise EmptyTextError("nothing to say: expected some text, got only white space", param="text")
    return Choices(text=joined, **given | {"stdin": given["stdin"] or sources == 0})


def sound_of(choices: Choices, *, to_stdout: bool) -> Sound:
    """The audio to make. Raises OutOfRangeError for a file name that tells no format, UnknownFormatError."""
    if plays(choices, to_stdout=to_stdout):
        if choices.format or choices.bit_rate or choices.rate:
            raise click.UsageError(
                "--format, --rate and --bit-rate are for -o and pipes; a player needs none"
            )
        return Sound("pcm_s16le", PLAY_RATE_HZ)
    name = choices.format
    if name is None and choices.output not in (None, "-"):
        name = format_of_path(str(choices.output))
        if name is None:
            known = ", ".join(sorted({f".{e}" for e in EXTENSIONS if "_" not in e}))
            raise OutOfRangeError(
                f"-o {quoted(choices.output)}: expected an extension of {known}, or --format", param="output"
            )
    sound = Sound(name or "wav", choices.rate, choices.bit_rate)
    sound.format()
    return sound


def plays(choices: Choices, *, to_stdout: bool) -> bool:
    """Whether the audio is to be heard now, rather than written."""
    return choices.play or (choices.output is None and not to_stdout)


def request_of(choices: Choices, sound: Sound) -> Open:
    """The stream to open; its format is provisional until the voice's rate is known."""
    return Open(
        voice=choices.voice,
        format=sound.format(),
        language=choices.language,
        prosody=Prosody(
            speed=choices.speed,
            pitch_semitones=choices.pitch,
            pitch_range=choices.pitch_range,
            volume=choices.volume,
        ),
        style=choices.style,
        style_degree=choices.style_degree,
        duration_s=choices.duration,
        marks=frozenset({"word"}),
        markup=choices.markup,
        seed=choices.seed,
        dictionary_id=choices.dictionary,
        rewrite_rules=choices.rewrite,
    )


def bit_rate(text: str) -> int:
    """Bits per second, from 64000 or 64k. Raises BadParameter."""
    digits = text.lower().removesuffix("k")
    if not digits.isascii() or not digits.isdigit():
        raise click.BadParameter(f"expected bits per second such as 64000 or 64k, got {quoted(text)}")
    return int(digits) * (1000 if digits != text.lower() else 1)
