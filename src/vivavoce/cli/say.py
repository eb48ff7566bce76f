"""``vivavoce say``: speak a text without any server, into a file, a player or a pipe, as it is made."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

import click

from vivavoce.cli.choices import Choices, Sound, bit_rate, chosen, plays, request_of, sound_of
from vivavoce.cli.flags import ways_flags
from vivavoce.cli.output import LISTENER_LEFT, print_json, warn
from vivavoce.formats import ALIASES, FORMATS

if TYPE_CHECKING:
    from vivavoce.cli.sinks import Sink
    from vivavoce.cli.speaking import Progress, Spoken
    from vivavoce.runtime.studio import Studio
    from vivavoce.settings import Settings
    from vivavoce.speech import Open

STDIN: Final = 0
STDOUT: Final = 1
STDERR: Final = 2
AS_FAST_AS_IT_GOES_S: Final = 86_400.0
"""How far ahead of a listener to work when nobody listens yet: a file or a pipe."""


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
@ways_flags
@click.option("--duration", type=float, metavar="S", help="Fit the whole into so many seconds.")
@click.option("--seed", type=int, default=0, metavar="N", help="For voices with chance in them.")
@click.option("--dictionary", metavar="NAME", help="Say words as this one has them: `vivavoce dictionaries`.")
@click.option(
    "--rewrite", default="none", metavar="RULES", help="Say numbers, money and such in full: en, fr, auto, …"
)
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
    choices = chosen(text, given, stdin_waits=not os.isatty(STDIN))
    from vivavoce.session.limits import check

    sound = sound_of(choices, to_stdout=not os.isatty(STDOUT))
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


def settings_of(playing: bool) -> Settings:
    """The runtime's options for one speaker: one worker, no idle limit, text without end, and no waiting for a
    listener's ears."""
    from vivavoce import settings

    environment = {
        "VIVAVOCE_WORKERS": "1",
        "VIVAVOCE_IDLE_TIMEOUT_S": "86400",
        "VIVAVOCE_MAX_TEXT_CHARS": "1000000000",
        **os.environ,
    }
    if not playing:
        environment.setdefault("VIVAVOCE_LEAD_S", str(AS_FAST_AS_IT_GOES_S))
    return settings.load(environment)


def sink_of(choices: Choices, sound: Sound) -> Sink:
    """Where the audio goes. Raises UsageError for audio on a terminal, MissingDependencyError without a player."""
    from vivavoce.cli.playback import player
    from vivavoce.cli.sinks import DescriptorSink, FileSink

    wav = sound.format().name == "wav"
    if plays(choices, to_stdout=not os.isatty(STDOUT)):
        return player()
    if choices.output not in (None, "-"):
        return FileSink(str(choices.output), wav=wav)
    if os.isatty(STDOUT):
        raise click.UsageError("-o -: standard output is a terminal; expected a pipe or a file")
    return DescriptorSink(STDOUT, wav=wav)


def text_descriptor(choices: Choices) -> int:
    """Where the text is read from. Raises RequestError for a file that cannot be read."""
    from vivavoce.cli.reading import open_text

    return open_text(choices.file) if choices.file is not None else STDIN


def _run(choices: Choices, sound: Sound, request: Open, fd: int) -> int:
    """Speak and tell; the exit status."""
    import asyncio

    from vivavoce.cli.captions import write_marks
    from vivavoce.cli.speaking import Progress, speak

    settings = settings_of(plays(choices, to_stdout=not os.isatty(STDOUT)))
    studio = studio_of(choices, settings)
    sink = sink_of(choices, sound)
    progress = Progress()
    try:
        with _line(choices, progress):
            spoken = asyncio.run(speak(studio, request, sound, source(choices, fd), sink, progress))
    except BrokenPipeError:
        return LISTENER_LEFT
    if choices.marks is not None:
        write_marks(choices.marks, spoken.marks, spoken.text)
    _tell(choices, progress, spoken)
    return 0


def studio_of(choices: Choices, settings: Settings) -> Studio:
    """The runtime, with what of the store and of the vendors' voices the command line names; where it names nothing,
    the store stays closed. Raises StorageError and its kin."""
    from vivavoce.cli.installed import is_installed
    from vivavoce.runtime.studio import Studio

    installed = not choices.voice or is_installed(settings, choices.voice)
    if installed and not choices.dictionary and not settings.dictionary:
        return Studio(settings)
    import asyncio

    from vivavoce.cli.shelf import shelf
    from vivavoce.server.table import personas

    return Studio(settings, library=asyncio.run(shelf(settings)), personas=personas())


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
    if choices.quiet or not os.isatty(STDERR):
        return nullcontext()
    from vivavoce.cli.progress import ProgressLine

    return ProgressLine(progress)


def _tell(choices: Choices, progress: Progress, spoken: Spoken) -> None:
    """The summary: JSON where asked for, else a line on a terminal."""
    playing = plays(choices, to_stdout=not os.isatty(STDOUT))
    if choices.json:
        on_stdout = playing or choices.output not in (None, "-")
        print_json(summary(progress, spoken), err=not on_stdout)
    elif not choices.quiet and os.isatty(STDERR):
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
