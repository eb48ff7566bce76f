"""``vivavoce say``: speak a text without any server, into a file, a player or a pipe, as it is made."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import Struct

from vivavoce.cli.output import LISTENER_LEFT, print_json, warn
from vivavoce.errors import EmptyTextError, OutOfRangeError, quoted
from vivavoce.formats import ALIASES, FORMATS

if TYPE_CHECKING:
    from vivavoce.cli.sinks import Sink
    from vivavoce.cli.speaking import Progress, Sound, Spoken
    from vivavoce.settings import Settings
    from vivavoce.speech import Open

STDIN: Final = 0
AS_FAST_AS_IT_GOES_S: Final = 3600.0
"""How far ahead of a listener to work when nobody listens yet: a file or a pipe."""


def bit_rate(text: str) -> int:
    """Bits per second, from 64000 or 64k. Raises BadParameter."""
    digits = text.lower().removesuffix("k")
    if not digits.isascii() or not digits.isdigit():
        raise click.BadParameter(f"expected bits per second such as 64000 or 64k, got {quoted(text)}")
    return int(digits) * (1000 if digits != text.lower() else 1)


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
    marks: str | None
    markup: bool
    quiet: bool
    json: bool


@click.command(epilog="Formats: " + ", ".join(FORMATS) + "; and as other names " + ", ".join(ALIASES) + ".")
@click.argument("text", nargs=-1)
@click.option("--file", metavar="FILE", help="Speak this file (UTF-8).")
@click.option("--stdin", is_flag=True, help="Speak standard input as it arrives; TEXT - means the same.")
@click.option(
    "-o", "--output", metavar="FILE", help="Write here; the extension chooses the format. - is stdout."
)
@click.option("--play", is_flag=True, help="Play it as it is made.")
@click.option("--format", metavar="NAME", help="Audio format; default: by -o's extension, else wav.")
@click.option("--rate", type=int, metavar="HZ", help="Sample rate; default: the format's or the voice's own.")
@click.option("--bit-rate", type=bit_rate, metavar="BPS", help="For mp3, opus and aac: 64000 or 64k.")
@click.option("-v", "--voice", default="", metavar="NAME", help="See `vivavoce voices`; default: the best.")
@click.option("-l", "--language", metavar="TAG", help="Language of the text, such as en-US or fr.")
@click.option("--speed", type=float, default=1.0, metavar="X", help="0.25 to 4; 2 is twice as fast.")
@click.option("--pitch", type=float, default=0.0, metavar="ST", help="-24 to 24 semitones.")
@click.option("--pitch-range", type=float, default=1.0, metavar="X", help="Intonation, 0 (flat) to 2.")
@click.option("--volume", type=float, default=1.0, metavar="X", help="0 to 4; never clips.")
@click.option("--style", default="neutral", metavar="NAME", help="cheerful, calm, sad, whispering, …")
@click.option("--style-degree", type=float, default=1.0, metavar="X", help="0 (no effect) to 2 (double).")
@click.option("--duration", type=float, metavar="S", help="Fit the whole into so many seconds.")
@click.option("--seed", type=int, default=0, metavar="N", help="For voices with chance in them.")
@click.option("--marks", metavar="FILE", help="Word times, as JSON; .srt and .vtt give subtitles.")
@click.option(
    "--markup/--no-markup", default=True, help='Obey <flush> and <break time="1s"/>, or speak them.'
)
@click.option("-q", "--quiet", is_flag=True, help="Only errors on standard error.")
@click.option("--json", is_flag=True, help="Print a summary; on standard error when stdout has the audio.")
def say(text: tuple[str, ...], **given: Any) -> int:
    """Speak TEXT, without a server.

    Without -o and --play the audio goes to standard output if that is a pipe or a file, and is played otherwise.

    \b
    Examples:
      vivavoce say "Hello"
      vivavoce say "Hello" -o hello.mp3 --voice en-gb --speed 1.2
      vivavoce say --file book.txt -o book.ogg --marks book.srt
      llm "a story" | vivavoce say --stdin --play
      llm "a story" | vivavoce say --stdin --format mp3 > story.mp3
    """
    choices = chosen(text, given, stdin_waits=not sys.stdin.isatty())
    from vivavoce.session.limits import check

    sound = sound_of(choices, to_stdout=not sys.stdout.isatty())
    request = request_of(choices, sound)
    check(request)
    if choices.marks is not None:
        from vivavoce.cli.sinks import check_writable

        check_writable(choices.marks, "--marks")
    fd = text_descriptor(choices)
    try:
        return _run(choices, sound, request, fd)
    finally:
        if choices.file is not None:
            os.close(fd)


def chosen(text: tuple[str, ...], given: dict[str, Any], *, stdin_waits: bool) -> Choices:
    """The command line as :class:`Choices`.

    ``stdin_waits`` says that standard input is no terminal; it is spoken when nothing else is named.
    Raises UsageError for options that contradict each other, EmptyTextError for blank text.
    """
    from vivavoce.cli.reading import without_surrogates

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
    from vivavoce.cli.playback import PLAY_RATE_HZ
    from vivavoce.cli.sinks import EXTENSIONS, format_of_path
    from vivavoce.cli.speaking import Sound

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
    from vivavoce.speech import Open, Prosody

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
    )


def settings_of(playing: bool) -> Settings:
    """The runtime's options for one speaker: one worker, no idle limit, and no waiting for a listener's ears."""
    from vivavoce import settings

    environment = {"VIVAVOCE_WORKERS": "1", "VIVAVOCE_IDLE_TIMEOUT_S": "86400", **os.environ}
    if not playing:
        environment.setdefault("VIVAVOCE_LEAD_S", str(AS_FAST_AS_IT_GOES_S))
    return settings.load(environment)


def sink_of(choices: Choices, sound: Sound) -> Sink:
    """Where the audio goes. Raises UsageError for audio on a terminal, MissingDependencyError without a player."""
    from vivavoce.cli.playback import player
    from vivavoce.cli.sinks import DescriptorSink, FileSink

    wav = sound.format().name == "wav"
    if plays(choices, to_stdout=not sys.stdout.isatty()):
        return player()
    if choices.output not in (None, "-"):
        return FileSink(str(choices.output), wav=wav)
    if sys.stdout.isatty():
        raise click.UsageError("-o -: standard output is a terminal; expected a pipe or a file")
    return DescriptorSink(sys.stdout.fileno(), wav=wav)


def text_descriptor(choices: Choices) -> int:
    """Where the text is read from. Raises RequestError for a file that cannot be read."""
    from vivavoce.cli.reading import open_text

    return open_text(choices.file) if choices.file is not None else STDIN


def _run(choices: Choices, sound: Sound, request: Open, fd: int) -> int:
    """Speak and tell; the exit status."""
    import asyncio

    from vivavoce.cli.captions import write_marks
    from vivavoce.cli.speaking import Progress, speak
    from vivavoce.runtime.studio import Studio

    settings = settings_of(plays(choices, to_stdout=not sys.stdout.isatty()))
    sink = sink_of(choices, sound)
    progress = Progress()
    try:
        with _line(choices, progress):
            spoken = asyncio.run(speak(Studio(settings), request, sound, source(choices, fd), sink, progress))
    except BrokenPipeError:
        return LISTENER_LEFT
    if choices.marks is not None:
        write_marks(choices.marks, spoken.marks, spoken.text)
    _tell(choices, progress, spoken)
    return 0


async def source(choices: Choices, fd: int) -> AsyncIterator[str]:
    """The text, as it comes; one warning if it is no clean UTF-8."""
    from vivavoce.cli.reading import Utf8Decoder, pieces

    if choices.text is not None:
        yield choices.text
        return
    decoder = Utf8Decoder()
    warned = choices.quiet
    async for piece in pieces(fd, decoder):
        if decoder.damaged and not warned:
            warn("the text is not all UTF-8; what is not was replaced with U+FFFD")
            warned = True
        yield piece


def _line(choices: Choices, progress: Progress) -> Any:
    """The living line, on a terminal that did not ask for quiet."""
    if choices.quiet or not sys.stderr.isatty():
        return nullcontext()
    from vivavoce.cli.progress import ProgressLine

    return ProgressLine(progress, len(choices.text) if choices.text is not None else None)


def _tell(choices: Choices, progress: Progress, spoken: Spoken) -> None:
    """The summary: JSON where asked for, else a line on a terminal."""
    playing = plays(choices, to_stdout=not sys.stdout.isatty())
    if choices.json:
        on_stdout = playing or choices.output not in (None, "-")
        print_json(summary(progress, spoken), err=not on_stdout)
    elif not choices.quiet and sys.stderr.isatty():
        from vivavoce.cli.progress import figures

        where = f" → {choices.output}" if choices.output not in (None, "-") else ""
        click.echo(f"{figures(progress)} · {spoken.voice}{where}", err=True)


def summary(progress: Progress, spoken: Spoken) -> dict[str, object]:
    """What ``--json`` prints; figures that are not known are ``None``."""
    factor, first_s = progress.real_time_factor, progress.first_audio_s
    return {
        "audio_s": round(progress.audio_s, 3),
        "first_audio_ms": None if first_s is None else round(first_s * 1000, 1),
        "real_time_factor": None if factor is None else round(factor, 4),
        "start_ms": round(progress.start_s * 1000, 1),
        "characters": progress.characters,
        "words": len(spoken.marks),
        "voice": spoken.voice,
        "format": spoken.format.name,
        "rate_hz": spoken.format.rate_hz,
    }
